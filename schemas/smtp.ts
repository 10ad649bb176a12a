import type { FromSchema } from "json-schema-to-ts";
import { orReference, secretSchema } from "./secret.js";
import { list, nullable, record } from "./shape.js";

export const AUTH_MECHANISMS = ["SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2"] as const;
export type AuthMechanism = (typeof AUTH_MECHANISMS)[number];

/** How to log in: a user name with a password, or with an access token (XOAUTH2). */
export const authInput = {
  type: "object",
  properties: {
    mechanism: { enum: ["auto", ...AUTH_MECHANISMS], default: "auto", description: "auto takes the strongest that the server offers." },
    username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The account's name, or a reference to it."),
    password: { ...secretSchema, description: "The account's password, or a reference to it." },
    access_token: { ...secretSchema, description: "The access token of XOAUTH2, or a reference to it." },
    allow_plaintext: { type: "boolean", default: false, description: "Send a password that can be read on the way when there is no TLS." },
  },
  required: ["username"],
  additionalProperties: false,
} as const;

export type AuthInput = FromSchema<typeof authInput>;

/** One EHLO keyword with its parameters. */
export const capabilitySchema = record({
  keyword: { type: "string" },
  parameters: list({ type: "string" }),
});

/** What the server's SIZE says (RFC 1870). */
export const sizeSchema = record({
  meaning: { enum: ["absent", "unlimited", "limit", "unreadable"], description: "unlimited: SIZE without a number, or 0." },
  bytes: nullable({ type: "integer" }),
  text: nullable({ type: "string" }, "The parameter as it was sent."),
});

/** Something a server does against the standard that did not end the conversation. */
export const anomalySchema = record({
  kind: {
    enum: [
      "bare_line_feed",
      "bare_carriage_return",
      "not_utf8",
      "helo_fallback",
      "capabilities_only_in_clear",
      "starttls_inside_tls",
      "size_unreadable",
      "closed_by_421",
      "reduced_client_hello",
    ],
  },
  detail: { type: "string" },
});
export type Anomaly = FromSchema<typeof anomalySchema>;
