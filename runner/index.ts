// The public API of probe-run: nothing else is public.
export { type Carried, outputOf, type Status } from "../schemas/carried.js";
export { type Contract, contract, type FilledOf, type GivenOf } from "../schemas/contract.js";
export type { Envelope } from "../schemas/envelope.js";
export { CODES, type Failure, type FailureCode, failure, PHASES, type Phase } from "../schemas/failure.js";
export { type Finding, findingSchema } from "../schemas/finding.js";
export { type Attempt, attemptSchema, type NetworkInput, networkInput, networkOutput } from "../schemas/network.js";
export type { Operation } from "../schemas/operation.js";
export { secretSchema } from "../schemas/secret.js";
export { list, nullable, record, text } from "../schemas/shape.js";
export type { Context, StepReply } from "./context.js";
export { type Definition, defineProbe, type Evidence, type NewestVersion, type OlderVersion, olderVersion, type Probe } from "./define-probe.js";
export { FailureError, fail } from "./failure-error.js";
export type { Grants, Need } from "./grants.js";
export { finding, statusOf } from "./judge.js";
export type { TraceEvent } from "./recorder.js";
export { RequestError, type RequestErrorCode, type Violation } from "./request-error.js";
export { type Report, type RunOptions, run, runReport } from "./run.js";
