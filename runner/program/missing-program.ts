/** How a program is called by the package managers of the systems that people use. */
export interface Packages {
  readonly debian: string;
  readonly alpine: string;
  readonly fedora: string;
  /** Null: there is none. */
  readonly macos: string | null;
}

/** A program of the system that is not there, or may not be used. The command line ends with 3: nothing was learned about the target. */
export class MissingProgramError extends Error {
  override readonly name = "MissingProgramError";

  constructor(program: string, why: string, packages: Packages | null) {
    super(`${program} ${why}${packages === null ? "" : `: ${commands(packages)}`}`);
  }
}

function commands({ debian, alpine, fedora, macos }: Packages): string {
  const linux = `apt-get install ${debian} (Debian), apk add ${alpine} (Alpine), dnf install ${fedora} (Fedora)`;
  return macos === null ? `${linux}; there is none for macOS` : `${linux}, brew install ${macos} (macOS)`;
}
