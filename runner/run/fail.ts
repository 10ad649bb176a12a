import type { FailureCode, Phase } from "../../schemas/failure.js";
import { failure } from "../../schemas/failure.js";
import { FailureError } from "./failure-error.js";

/** Ends what a probe was attempting with this failure. It throws itself: forgotten `throw`s made failed runs look fine. */
export function fail(phase: Phase, code: FailureCode, message: string): never {
  throw new FailureError(failure(phase, code, message));
}
