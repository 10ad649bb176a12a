import type { FromSchema } from "json-schema-to-ts";
import { nullable, record } from "./shape.js";

/** A judgement of the probe that turns a successful run into a warning or an error. */
export const findingSchema = record({
  severity: { enum: ["warning", "error"], description: "The status that it gives the run." },
  reason: { type: "string", description: "A stable code." },
  message: { type: "string", description: "A readable explanation." },
  expected: nullable({ type: "string" }),
  actual: nullable({ type: "string" }),
});
export type Finding = FromSchema<typeof findingSchema>;
