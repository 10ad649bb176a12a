import type { SharedLog } from "../../queue/shared-log.js";

/** A sender that dies is replaced by that of another watch after this time. */
const HOLD_MS = 15_000;

/** What senders of several watches agree on: each receiver has one sender at a time, and what it has taken is not sent by another one. */
export class SharedOutbox {
  constructor(
    readonly log: Pick<SharedLog, "hold" | "addTaken" | "taken">,
    /** Names this process. */
    readonly holder: string,
  ) {}

  /** Those that a receiver has taken already. */
  taken(receiver: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.log.taken(receiver, ids);
  }

  /** False: another watch sends to this receiver. */
  maySend(receiver: string): Promise<boolean> {
    return this.log.hold(receiver, this.holder, HOLD_MS);
  }

  /** Another watch may send at once. */
  async release(receiver: string): Promise<void> {
    if (await this.maySend(receiver)) await this.log.hold(receiver, this.holder, 1);
  }

  addTaken(receiver: string, ids: readonly string[]): Promise<void> {
    return this.log.addTaken(receiver, ids);
  }
}
