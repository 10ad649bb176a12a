import type { Operation } from "../../../schemas/operation.js";
import { monotonic } from "../../run/clock.js";
import { failureError } from "../../run/failure-error.js";
import type { Break, Connection, ConnectionReader } from "../transport/connection.js";

/** Reads a data connection to its end, which is the end of the file. */
export class DataReader implements ConnectionReader {
  bytes = 0;
  firstByteAt: number | null = null;
  lastAt = monotonic();
  isTruncated = false;
  #operation: Operation;
  #settle: ((reason: Break | null) => void) | null = null;

  constructor(
    readonly connection: Connection,
    readonly timeoutMs: number,
    readonly take: (text: string) => boolean,
    /** When the command was sent. */
    beganAt: number,
  ) {
    this.#operation = connection.run.recorder.begin("first byte", beganAt);
  }

  /** Resolves at the end of the data, or once it is enough. */
  finished(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = (reason) => {
        this.#settle = null;
        if (reason === null) resolve();
        else reject(failureError("transfer", reason.code, reason.message));
      };
      this.connection.waitAtMost(this.timeoutMs);
      this.connection.readBy(this);
    });
  }

  received(text: string, at: number): void {
    if (this.#settle === null) return;
    if (this.firstByteAt === null) this.#begin(at);
    this.bytes += text.length;
    this.lastAt = at;
    if (this.take(text)) this.connection.waitAtMost(this.timeoutMs);
    else {
      this.isTruncated = true;
      this.connection.close();
      this.#end(null, at);
    }
  }

  broken(reason: Break, at: number): void {
    this.#end(reason.code === "closed" ? null : reason, at);
  }

  #begin(at: number): void {
    const { recorder } = this.connection.run;
    this.firstByteAt = at;
    recorder.end(this.#operation, null, null, at);
    this.#operation = recorder.begin("transfer", at);
  }

  #end(reason: Break | null, at: number): void {
    this.lastAt = at;
    this.connection.run.recorder.end(this.#operation, null, `${this.bytes} bytes`, at);
    this.#settle?.(reason);
  }
}
