/** One local server of a probe's lab, and the input that probes it. */
export interface LabServer {
  /** Short, for `--lab=starttls`. */
  readonly name: string;
  /** One sentence: what this server does. */
  readonly summary: string;
  /** Fits the newest input contract of the probe. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface RunningLab {
  /** The first one is what `--lab` runs against when no name is given. */
  readonly servers: readonly LabServer[];
  close(): Promise<void>;
}

/** A probe's own servers on the loopback, for trying it out without a network. */
export interface Lab {
  /** Each server takes its port from `nextPort`; 0 is a free one. */
  start(nextPort: () => number): Promise<RunningLab>;
}

export function defineLab(lab: Lab): Lab {
  return lab;
}
