import type { FromSchema } from "json-schema-to-ts";
import { nullable, record } from "./shape.js";

/** One step of a run, as the harness's monotonic clock saw it. */
export const operationSchema = record({
  name: { type: "string", description: "The protocol's own name for the step." },
  at_ms: { type: "number", description: "When it began, since the run began." },
  duration_ms: nullable({ type: "number" }, "How long it took; null when it never ended."),
  code: nullable({ type: "integer" }, "The reply code, where the protocol has one."),
  message: nullable({ type: "string" }, "The reply's text, its lines joined by line feeds."),
});
export type Operation = FromSchema<typeof operationSchema>;
