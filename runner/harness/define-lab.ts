/** One local server of a probe's lab, and the input that probes it. */
export interface LabServer {
  /** A short name, for `--lab=starttls`. */
  readonly name: string;
  /** One sentence that says what this server does. */
  readonly summary: string;
  /** Valid in the newest input contract of the probe. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface RunningLab {
  /** `--lab` uses the first one if no name is given. */
  readonly servers: readonly LabServer[];
  close(): Promise<void>;
}

/** A probe's own local servers, to try it without a network. */
export interface Lab {
  /** Each server takes its port from `nextPort`; 0 is a free one. */
  start(nextPort: () => number): Promise<RunningLab>;
}

export function defineLab(lab: Lab): Lab {
  return lab;
}
