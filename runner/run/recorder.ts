import type { Operation } from "../../schemas/operation.js";
import { monotonic, round } from "./clock.js";

/** One event on the wire, for --trace and --record. Its secrets are masked already. */
export interface TraceEvent {
  at_ms: number;
  direction: "sent" | "received" | "note";
  text: string;
  /** The conversation it belongs to, if the run has more than one. */
  part?: string;
}

/**
 * Records what a run did and when. Wire clients pass the time at which bytes left or arrived, which is not the time at which the waiting code
 * continues.
 */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly began = monotonic();
  ipAddress: string | null = null;
  connectedAt: number | null = null;

  constructor(readonly trace: ((event: TraceEvent) => void) | null) {}

  /** A record for one of several conversations, on the same clock: its steps have the part's name as prefix, and its address is its own. */
  part(name: string): Recorder {
    return new PartRecorder(this, name);
  }

  /** A record for steps that the probe times together: they are no operations of their own. The first address is still noted. */
  untimed(): Recorder {
    return new UntimedRecorder(this);
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

  /** As if it had not started, since it was chance whether it could. */
  forget(operation: Operation): void {
    const index = this.operations.lastIndexOf(operation);
    if (index >= 0) this.operations.splice(index, 1);
  }

  /** The first connection of a run sets its address and its connected_time. */
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

class UntimedRecorder extends Recorder {
  override readonly began: number;

  constructor(readonly whole: Recorder) {
    super(whole.trace);
    this.began = whole.began;
  }

  /** Forgotten at once. */
  override begin(name: string, at = monotonic()): Operation {
    return { name, at_ms: round(at - this.began), duration_ms: null, code: null, message: null };
  }

  override connected(ipAddress: string, at: number): void {
    super.connected(ipAddress, at);
    this.whole.connected(ipAddress, at);
  }
}
