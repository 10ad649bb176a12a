import { type Failure, failureIn, failureSchema, PHASES, type Phase } from "./failure.js";
import type { Operation } from "./operation.js";
import { operationSchema } from "./operation.js";
import { list, nullable, record } from "./shape.js";

export type Status = "ok" | "warning" | "error";

/** What every output carries, in this order, before the probe's own fields. The harness fills it in. */
export interface Carried {
  status: Status;
  failure: Failure | null;
  ip_address: string | null;
  connected_time: string | null;
  operations: Operation[];
  duration_ms: number;
}

export const carriedProperties = {
  status: { enum: ["ok", "warning", "error"], description: "error: the target failed. It is still a result." },
  failure: failureSchema,
  ip_address: nullable({ type: "string" }, "The address that was reached; null if none was."),
  connected_time: nullable({ type: "string" }, "The moment TCP connected, in UTC with microseconds."),
  operations: list(operationSchema, "Every step of the run, in order."),
  duration_ms: { type: "number", description: "The whole run." },
} as const;

/** The schema of a house-style output: what every output carries, then the probe's own fields, all always present. */
export function outputOf<const Own extends Readonly<Record<string, unknown>>>(own: Own, phases: readonly Phase[] = PHASES) {
  return record({ ...carriedProperties, failure: failureIn(phases), ...own } as typeof carriedProperties & Own);
}
