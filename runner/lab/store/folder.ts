import { StoredMessage } from "./stored-message.js";

/** Beyond these the oldest messages go. */
const MAX_MESSAGES = 50_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** What a folder is for (RFC 6154). */
export type SpecialUse = "\\Junk" | "\\Sent" | "\\Trash" | "\\Drafts" | "\\Archive";

/** One folder of a mailbox, within fixed bounds. Its numbers only ever grow (RFC 9051, 2.3.1.1). */
export class Folder {
  readonly messages: StoredMessage[] = [];
  uidNext = 1;
  #bytes = 0;

  constructor(
    readonly name: string,
    readonly specialUse: SpecialUse | null,
    readonly uidValidity: number,
    readonly changed: (folder: Folder) => void,
  ) {}

  add(raw: Buffer, { at = new Date(), flags = [] }: { at?: Date; flags?: readonly string[] } = {}): StoredMessage {
    const message = new StoredMessage(this.uidNext++, raw, at);
    for (const flag of flags) message.flags.add(flag);
    this.messages.push(message);
    this.#bytes += raw.length;
    while (this.messages.length > MAX_MESSAGES || (this.#bytes > MAX_BYTES && this.messages.length > 1)) this.#forgetAt(0);
    this.changed(this);
    return message;
  }

  remove(uids: ReadonlySet<number>): void {
    for (let index = this.messages.length - 1; index >= 0; index--) if (uids.has((this.messages[index] as StoredMessage).uid)) this.#forgetAt(index);
    this.changed(this);
  }

  flagged(flag: string): number {
    return this.messages.filter(({ flags }) => flags.has(flag)).length;
  }

  #forgetAt(index: number): void {
    const [message] = this.messages.splice(index, 1);
    this.#bytes -= message?.raw.length ?? 0;
  }
}
