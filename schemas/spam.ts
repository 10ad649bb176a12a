import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** What one filter wrote into the message. */
export const spamFactSchema = record({
  field: { type: "string", description: "The header field it stands in, as it was written." },
  system: { type: "string", description: "Who usually writes it." },
  verdict: nullable({ enum: ["spam", "ham"] }, "What it says; null where the field holds a number only, and no limit."),
  score: nullable({ type: "number" }, "On the filter's own scale: most call spam what is high."),
  threshold: nullable({ type: "number" }, "From which score on it is spam, where the field says so."),
  tests: list({ type: "string" }, "The rules that fired, by the filter's own names."),
  text: { type: "string", description: "The field itself." },
});
export type SpamFact = FromSchema<typeof spamFactSchema>;

export const spamFactsSchema = list(spamFactSchema, "What filters on the way wrote into the message. Anybody can write such a field.");
