import type { FromSchema } from "json-schema-to-ts";
import { nullable, record } from "./shape.js";

/** Something that the probe judged: it turns a run that worked into a warning or an error, and says why. */
export const findingSchema = record({
  severity: { enum: ["warning", "error"], description: "What it makes of the run." },
  reason: { type: "string", description: "A stable name for programs." },
  message: { type: "string", description: "The same for a person." },
  expected: nullable({ type: "string" }),
  actual: nullable({ type: "string" }),
});
export type Finding = FromSchema<typeof findingSchema>;
