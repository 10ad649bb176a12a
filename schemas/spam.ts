import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** The header field that one spam filter added to the message. */
export const spamFactSchema = record({
  field: { type: "string", description: "The name of the header field, as written." },
  system: { type: "string", description: "The filter that usually adds this field." },
  verdict: nullable({ enum: ["spam", "ham"] }, "The verdict; null if the field contains only a score without a threshold."),
  score: nullable({ type: "number" }, "On the filter's own scale; for most, a high score means spam."),
  threshold: nullable({ type: "number" }, "The score from which a message counts as spam, if the field contains it."),
  tests: list({ type: "string" }, "The rules that matched, by the filter's own names."),
  text: { type: "string", description: "The value of the field." },
});
export type SpamFact = FromSchema<typeof spamFactSchema>;

export const spamFactsSchema = list(spamFactSchema, "Header fields added by spam filters. Any sender can forge them.");
