import type { FromSchema } from "json-schema-to-ts";
import { loginInput } from "./sasl.js";
import { anomalyOf, COMMON_ANOMALIES } from "./service.js";

/** AUTH (RFC 5034) carries SASL; APOP and USER with PASS (RFC 1939) are POP3's own. */
export const POP3_METHODS = ["SCRAM-SHA-256", "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "USER", "XOAUTH2"] as const;
export type Pop3Method = (typeof POP3_METHODS)[number];

/** How to log in to a POP3 server. */
export const pop3AuthInput = loginInput(POP3_METHODS);
export type Pop3AuthInput = FromSchema<typeof pop3AuthInput>;

export const pop3AnomalySchema = anomalyOf([...COMMON_ANOMALIES, "closed_unasked"]);
