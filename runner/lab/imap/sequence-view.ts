import type { Folder } from "../store/folder.js";
import type { StoredMessage } from "../store/stored-message.js";

interface Seen {
  readonly message: StoredMessage;
  /** As they were last reported to the client. */
  flags: string;
}

/** A folder as one client knows it: sequence numbers stay the same until the client is notified of a change (RFC 9051, 7.5.1). */
export class View {
  readonly readOnly: boolean;
  readonly folder: Folder;
  #seen: Seen[];

  constructor(folder: Folder, readOnly: boolean) {
    this.folder = folder;
    this.readOnly = readOnly;
    this.#seen = folder.messages.map((message) => ({ message, flags: flagsOf(message) }));
  }

  get size(): number {
    return this.#seen.length;
  }

  get largestUid(): number {
    return this.#seen.at(-1)?.message.uid ?? 0;
  }

  /** Every message with its sequence number. */
  *entries(): Generator<[number, StoredMessage]> {
    for (const [index, { message }] of this.#seen.entries()) yield [index + 1, message];
  }

  /** The flags of this message are about to be reported to the client. */
  announced(number: number): void {
    const seen = this.#seen[number - 1] as Seen;
    seen.flags = flagsOf(seen.message);
  }

  /** What has changed, as untagged lines. */
  news(): string[] {
    return [...this.#gone(), ...this.#reflagged(), ...this.#arrived()];
  }

  /** From the last to the first, so that no number in the answer has moved. */
  #gone(): string[] {
    const there = new Set(this.folder.messages);
    const lines: string[] = [];
    for (let index = this.#seen.length - 1; index >= 0; index--) {
      if (there.has((this.#seen[index] as Seen).message)) continue;
      this.#seen.splice(index, 1);
      lines.push(`${index + 1} EXPUNGE`);
    }
    return lines;
  }

  #reflagged(): string[] {
    return this.#seen.flatMap((seen, index) => {
      const flags = flagsOf(seen.message);
      if (flags === seen.flags) return [];
      seen.flags = flags;
      return [`${index + 1} FETCH (UID ${seen.message.uid} FLAGS ${flags})`];
    });
  }

  #arrived(): string[] {
    const last = this.largestUid;
    const arrived = this.folder.messages.filter(({ uid }) => uid > last);
    if (arrived.length === 0) return [];
    this.#seen.push(...arrived.map((message) => ({ message, flags: flagsOf(message) })));
    return [`${this.#seen.length} EXISTS`, `${arrived.length} RECENT`];
  }
}

export function flagsOf({ flags }: StoredMessage): string {
  return `(${[...flags].join(" ")})`;
}
