import type { Operation } from "../../schemas/operation.js";
import { monotonic, round } from "./clock.js";

/** One thing that crossed the wire, or happened to it, for --trace and --record. Secrets are masked before it gets here. */
export interface TraceEvent {
  at_ms: number;
  direction: "sent" | "received" | "note";
  text: string;
  /** Which of the run's conversations, where it has more than one. */
  part?: string;
}

/**
 * Keeps what a run did and when. Wire clients call it with the moment at which bytes left or arrived, which is not the
 * moment at which the code that waits for them wakes up.
 */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly began = monotonic();
  ipAddress: string | null = null;
  connectedAt: number | null = null;

  constructor(readonly trace: ((event: TraceEvent) => void) | null) {}

  /** A record for one of several conversations, on the same clock: its steps bear the part's name here, too, and its address is its own. */
  part(name: string): Recorder {
    return new PartRecorder(this, name);
  }

  begin(name: string, at = monotonic()): Operation {
    const operation: Operation = { name, at_ms: round(at - this.began), duration_ms: null, code: null, message: null };
    this.operations.push(operation);
    return operation;
  }

  end(operation: Operation, code: number | null = null, message: string | null = null, at = monotonic()): void {
    operation.duration_ms = round(Math.max(0, at - this.began - operation.at_ms));
    operation.code = code;
    operation.message = message;
  }

  /** As if it had not begun: whether it could begin at all was chance. */
  forget(operation: Operation): void {
    const index = this.operations.lastIndexOf(operation);
    if (index >= 0) this.operations.splice(index, 1);
  }

  /** The first connection of a run gives it its address and its connected_time. */
  connected(ipAddress: string, at: number): void {
    if (this.connectedAt !== null) return;
    this.ipAddress = ipAddress;
    this.connectedAt = at;
  }

  note(direction: TraceEvent["direction"], text: string, at = monotonic()): void {
    this.trace?.({ at_ms: round(at - this.began), direction, text });
  }
}

class PartRecorder extends Recorder {
  override readonly began: number;

  constructor(
    readonly whole: Recorder,
    readonly name: string,
  ) {
    const { trace } = whole;
    super(trace === null ? null : (event) => trace({ ...event, part: event.part === undefined ? name : `${name} ${event.part}` }));
    this.began = whole.began;
  }

  override begin(name: string, at?: number): Operation {
    const operation = this.whole.begin(`${this.name} ${name}`, at);
    this.operations.push(operation);
    return operation;
  }

  override forget(operation: Operation): void {
    super.forget(operation);
    this.whole.forget(operation);
  }

  override connected(ipAddress: string, at: number): void {
    super.connected(ipAddress, at);
    this.whole.connected(ipAddress, at);
  }
}
