export interface LogEntry {
  /** Grows from entry to entry, also when the clock is set back. */
  readonly id: string;
  /** When it was appended, by the log's clock. */
  readonly at: number;
  readonly text: string;
}

export interface LogPart {
  /** The log has forgotten nothing that came after this place. */
  readonly keptSince: string;
  /** The place of the newest entry: everything that will be appended comes after it. */
  readonly newest: string;
  readonly entries: readonly LogEntry[];
}

/** A value that replaces an older one of its name: one of an earlier epoch, or of the same epoch and an earlier moment. */
export interface NewestState {
  readonly name: string;
  /** A place in the log; null is before all of them. */
  readonly epoch: string | null;
  readonly at: number;
  readonly value: string;
}

/** A log that several processes append to, and that all of them read in one order; and what else they agree on. */
export interface SharedLog {
  /** Who owns the log: the one that asked first. */
  owner(wanted: string): Promise<string>;
  append(entries: readonly string[]): Promise<void>;
  /** Up to `most` entries after this one; null: from the beginning. */
  read(after: string | null, most: number): Promise<LogPart>;
  saveStates(states: readonly NewestState[]): Promise<void>;
  states(): Promise<ReadonlyMap<string, string>>;
  /** True: the name is this holder's for so long, unless another one has it. */
  hold(name: string, holder: string, forMs: number): Promise<boolean>;
  addTaken(name: string, ids: readonly string[]): Promise<void>;
  /** Those of the ids that were added. */
  taken(name: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/** Negative: a is older than b. */
export function compareIds(a: string, b: string): number {
  const [aTime = 0, aCount = 0] = a.split("-").map(Number);
  const [bTime = 0, bCount = 0] = b.split("-").map(Number);
  return aTime - bTime || aCount - bCount;
}
