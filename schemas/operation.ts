import type { FromSchema } from "json-schema-to-ts";
import { nullable, record } from "./shape.js";

/** One step of a run, timed by the harness's monotonic clock. */
export const operationSchema = record({
  name: { type: "string", description: "The protocol's own name for the step." },
  at_ms: { type: "number", description: "When it began, measured from the start of the run." },
  duration_ms: nullable({ type: "number" }, "How long it took; null if it never ended."),
  code: nullable({ type: "integer" }, "The reply code, if the protocol has one."),
  message: nullable({ type: "string" }, "The reply's text, its lines joined by line feeds."),
});
export type Operation = FromSchema<typeof operationSchema>;
