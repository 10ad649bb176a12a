import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RequestError } from "../../support/request-error.js";

/** Marks a folder as ours, and lists what we wrote there. */
const MARK = ".probe-run-export";
const FOLDERS = ["check", "badge"];

/** Writes pages into a folder that is new, empty, or marked by an earlier export. A file that no export wrote is never replaced. */
export class ExportFolder {
  private constructor(
    readonly path: string,
    readonly written: Set<string>,
  ) {}

  static async open(path: string): Promise<ExportFolder> {
    const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw unusable(path, error.message);
    });
    if (names === null || names.length === 0) return new ExportFolder(path, new Set());
    if (!names.includes(MARK)) throw unusable(path, "it holds files, and no earlier export wrote them");
    return new ExportFolder(path, await markedIn(path));
  }

  async write(files: ReadonlyMap<string, string>): Promise<void> {
    for (const folder of ["", ...FOLDERS]) await this.#makeFolder(join(this.path, folder));
    for (const file of files.keys())
      if (!this.written.has(file) && (await exists(join(this.path, file))))
        throw unusable(this.path, `${file} is there already, and no earlier export wrote it`);
    // The mark comes first: what is written after it is known to be ours, even if this ends in between.
    await this.#mark(new Set([...this.written, ...files.keys()]));
    for (const [file, text] of files) await replace(join(this.path, file), text);
    for (const old of this.written) if (!files.has(old)) await rm(join(this.path, old), { force: true });
    this.written.clear();
    for (const file of files.keys()) this.written.add(file);
    await this.#mark(this.written);
  }

  #mark(files: ReadonlySet<string>): Promise<void> {
    return replace(join(this.path, MARK), [...files].map((file) => `${file}\n`).join(""));
  }

  /** A link to a folder elsewhere is not followed. */
  async #makeFolder(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    if (path !== this.path && !(await lstat(path)).isDirectory()) throw unusable(this.path, `${path} is not a folder`);
  }
}

async function markedIn(path: string): Promise<Set<string>> {
  const lines = (await readFile(join(path, MARK), "utf8")).split("\n");
  return new Set(lines.filter((line) => /^(?:index\.html|check\/[0-9a-f]{16}\.html|badge\/[0-9a-f]{16}\.svg)$/.test(line)));
}

/** Readers see the old text or the new one. */
async function replace(path: string, text: string): Promise<void> {
  const next = join(dirname(path), `.probe-run-${process.pid}.tmp`);
  await rm(next, { force: true });
  await writeFile(next, text, { flag: "wx" });
  await rename(next, path);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function unusable(path: string, message: string): RequestError {
  return new RequestError(`${path} cannot be used for --export`, "usage", [{ pointer: "", message, hint: "name a new or an empty folder" }]);
}
