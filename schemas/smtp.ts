import type { FromSchema } from "json-schema-to-ts";
import { loginInput } from "./sasl.js";
import { anomalyOf } from "./service.js";
import { list, nullable, record } from "./shape.js";

export const AUTH_MECHANISMS = ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2"] as const;
export type AuthMechanism = (typeof AUTH_MECHANISMS)[number];

/** How to log in to a mail server. */
export const authInput = loginInput(AUTH_MECHANISMS);
export type AuthInput = FromSchema<typeof authInput>;

/** One EHLO keyword with its parameters. */
export const capabilitySchema = record({
  keyword: { type: "string" },
  parameters: list({ type: "string" }),
});

/** The server's SIZE (RFC 1870). */
export const sizeSchema = record({
  meaning: { enum: ["absent", "unlimited", "limit", "unreadable"], description: "unlimited: SIZE without a number, or 0." },
  bytes: nullable({ type: "integer" }),
  text: nullable({ type: "string" }, "The parameter as it was sent."),
});

export const anomalySchema = anomalyOf([
  "bare_line_feed",
  "bare_carriage_return",
  "not_utf8",
  "helo_fallback",
  "capabilities_only_in_clear",
  "starttls_inside_tls",
  "size_unreadable",
  "closed_by_421",
  "reduced_client_hello",
]);
export type Anomaly = FromSchema<typeof anomalySchema>;
