// The public API of probe-run: nothing else is public.
import "./capabilities.js";

export { type Carried, outputOf, type Status } from "../schemas/carried.js";
export { type Contract, contract, type FilledOf, type GivenOf } from "../schemas/contract.js";
export type { DeliveryEvent } from "../schemas/delivery-event.js";
export type { Envelope } from "../schemas/envelope.js";
export { CODES, type Failure, type FailureCode, failure, PHASES, type Phase } from "../schemas/failure.js";
export { type Finding, findingSchema } from "../schemas/finding.js";
export { type Attempt, attemptSchema, type NetworkInput, networkInput, networkOutput } from "../schemas/network.js";
export type { Operation } from "../schemas/operation.js";
export { secretSchema } from "../schemas/secret.js";
export { list, nullable, record, text } from "../schemas/shape.js";
export { type Capabilities, type CapabilityFactory, type Need, provide } from "./harness/capabilities.js";
export type { Context, StepReply } from "./harness/context.js";
export {
  type Definition,
  defineProbe,
  type Evidence,
  type Exchange,
  type NewestVersion,
  type OlderVersion,
  olderVersion,
  type Probe,
  type TypedOlderVersion,
  type TypedProbe,
} from "./harness/define-probe.js";
export type { AnyProbeName, CheckedName, InputOf, OutputOf, ProbeName } from "./harness/probe-types.js";
export { type Report, type RunOptions, runReport } from "./harness/run.js";
export type { HostTarget, Target } from "./harness/target.js";
export { run } from "./harness/typed-run.js";
export * from "./lab/on-demand.js";
export type { Limit, Limits, Rate } from "./limits/limits.js";
export { parseLimits } from "./limits/parse-limits.js";
export { type Line, LineConversation, type LineOptions } from "./net/transport/line-conversation.js";
export { LostRunError } from "./processes/lost-run-error.js";
export { type RunManyOptions, type RunOfMany, runMany } from "./processes/run-many.js";
export { type Channel, type Counts, type DeadLetter, isChannel, type Sink } from "./queue/backend.js";
export type { BackendOptions } from "./queue/backend-options.js";
export { consume } from "./queue/consume.js";
export type { ConsumedEvent } from "./queue/consumed-event.js";
export type { ClaimedEvent, ConsumeOptions } from "./queue/consumer.js";
export { createWorker, type WorkerOptions } from "./queue/create-worker.js";
export type { JobOptions } from "./queue/job.js";
export type { FailureReason, LastFailure } from "./queue/last-failure.js";
export { type Enqueued, openQueue, type Queue } from "./queue/queue.js";
export { QueueError, type QueueErrorCode } from "./queue/queue-error.js";
export { isResultOf, type ResultOf } from "./queue/result-of.js";
export type { Worker } from "./queue/worker.js";
export { fail } from "./run/fail.js";
export { FailureError } from "./run/failure-error.js";
export { finding, statusOf } from "./run/judge.js";
export type { TraceEvent } from "./run/recorder.js";
export { RequestError, type RequestErrorCode, type Violation } from "./support/request-error.js";
