import type { Operation } from "../../../schemas/operation.js";
import { monotonic } from "../../run/clock.js";
import { Recorder } from "../../run/recorder.js";

/**
 * Stores the operations of one attempt, and passes them to the run's recorder: two sites that are served at the same time have separate records, and
 * all times count from the start of the run.
 */
export class AttemptRecorder extends Recorder {
  override readonly began: number;

  constructor(readonly run: Recorder) {
    super(run.trace);
    this.began = run.began;
  }

  override begin(name: string, at = monotonic()): Operation {
    const operation = super.begin(name, at);
    this.run.operations.push(operation);
    return operation;
  }

  override connected(ipAddress: string, at: number): void {
    super.connected(ipAddress, at);
    this.run.connected(ipAddress, at);
  }
}
