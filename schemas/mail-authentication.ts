import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** The header field of a verdict. `arc` and `original` come from earlier hosts, and may have been forged by the sender. */
export const VERDICT_SOURCES = ["receiver", "received_spf", "arc", "original"] as const;
export type VerdictSource = (typeof VERDICT_SOURCES)[number];

const propertySchema = record({
  name: { type: "string", description: "For example smtp.mailfrom, header.d or policy.published-domain-policy." },
  value: { type: "string" },
});

/** The verdict of one method, as a host recorded it in the message (RFC 8601). */
export const authenticationVerdictSchema = record({
  source: { enum: VERDICT_SOURCES, description: "The header field that contains it." },
  authserv_id: nullable({ type: "string" }, "The authentication service identifier; null if the field has none."),
  arc_instance: nullable({ type: "integer" }, "The instance (i=) of its ARC set (RFC 8617)."),
  method: { type: "string", description: "In lower case: spf, dkim, dmarc, arc, iprev, auth and others." },
  result: { type: "string", description: "In lower case: pass, fail, softfail, neutral, none, policy, temperror, permerror and others." },
  reason: nullable({ type: "string" }, "The reason, if the field states one."),
  comment: nullable({ type: "string" }, "The comment in parentheses after the result."),
  properties: list(propertySchema, "What was looked at."),
});
export type AuthenticationVerdict = FromSchema<typeof authenticationVerdictSchema>;

export const authenticationSchema = record({
  authserv_id: nullable({ type: "string" }, "The authentication service that recorded the four verdicts below."),
  spf: nullable({ type: "string" }, "The SPF result; null if none is recorded."),
  dkim: nullable({ type: "string" }, "The best result of all signatures: one pass is enough."),
  dmarc: nullable({ type: "string" }),
  arc: nullable({ type: "string" }),
  verdicts: list(authenticationVerdictSchema, "All verdicts recorded by any host, newest first."),
});
export type Authentication = FromSchema<typeof authenticationSchema>;
