import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** Where a verdict stands. `arc` and `original` are what hosts on the way found: whoever sent the mail may have written them. */
export const VERDICT_SOURCES = ["receiver", "received_spf", "arc", "original"] as const;
export type VerdictSource = (typeof VERDICT_SOURCES)[number];

const propertySchema = record({
  name: { type: "string", description: "As smtp.mailfrom, header.d or policy.published-domain-policy." },
  value: { type: "string" },
});

/** One method's verdict, as a host wrote it into the message (RFC 8601). */
export const authenticationVerdictSchema = record({
  source: { enum: VERDICT_SOURCES, description: "Which field it stands in." },
  authserv_id: nullable({ type: "string" }, "Who found it; null where the field does not say."),
  arc_instance: nullable({ type: "integer" }, "Which set of ARC fields (RFC 8617) it belongs to."),
  method: { type: "string", description: "In small letters: spf, dkim, dmarc, arc, iprev, auth and others." },
  result: { type: "string", description: "In small letters: pass, fail, softfail, neutral, none, policy, temperror, permerror and others." },
  reason: nullable({ type: "string" }, "Why, where the field says so."),
  comment: nullable({ type: "string" }, "What stands in parentheses behind the result."),
  properties: list(propertySchema, "What was looked at."),
});
export type AuthenticationVerdict = FromSchema<typeof authenticationVerdictSchema>;

export const authenticationSchema = record({
  authserv_id: nullable({ type: "string" }, "Whose verdicts the four below are."),
  spf: nullable({ type: "string" }, "Its result; null where nothing is told."),
  dkim: nullable({ type: "string" }, "The best of all signatures' results: one that passes is enough."),
  dmarc: nullable({ type: "string" }),
  arc: nullable({ type: "string" }),
  verdicts: list(authenticationVerdictSchema, "All that any host wrote, the newest first."),
});
export type Authentication = FromSchema<typeof authenticationSchema>;
