import type { FromSchema } from "json-schema-to-ts";
import { attemptSchema, networkInput } from "./network.js";
import { orReference, secretSchema, textOrSecret } from "./secret.js";
import { list, nullable, record } from "./shape.js";
import { tlsFactsSchema, tlsInput } from "./tls.js";

export const HTTP_VERSIONS = ["1.0", "1.1", "2"] as const;
export type HttpVersion = (typeof HTTP_VERSIONS)[number];

const ANOMALIES = ["bare_line_feed", "folded_field", "space_before_colon", "not_utf8", "repeated_content_length", "data_after_response"] as const;
export type HttpAnomalyKind = (typeof ANOMALIES)[number];

export const httpAnomalySchema = record({ kind: { enum: ANOMALIES }, detail: { type: "string" } });
export type HttpAnomaly = FromSchema<typeof httpAnomalySchema>;

const milliseconds = (description: string) => nullable({ type: "number" }, description);

/** How long each part of one exchange took. Null for a part that did not happen. */
export const phasesSchema = record(
  {
    resolve_ms: milliseconds("Looking up the host's addresses; null for an address."),
    connect_ms: milliseconds("Connecting, over all addresses that were tried."),
    tls_ms: milliseconds("The TLS handshake."),
    request_ms: milliseconds("Sending the request."),
    first_byte_ms: milliseconds("From the request's last byte to the response's first."),
    headers_ms: milliseconds("From the response's first byte to the end of its header."),
    body_ms: milliseconds("From the end of the header to the last byte of the body."),
  },
  "How long each part took.",
);
export type HttpPhases = FromSchema<typeof phasesSchema>;

/** A header as its fields by name. Set-Cookie, whose values cannot be joined, is a list. */
const headersSchema = {
  type: "object",
  additionalProperties: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
  description: "By name in lower case. Repeated fields are joined by commas; set-cookie is a list.",
} as const;

/** One request and its response. */
export const hopSchema = record({
  url: { type: "string" },
  method: { type: "string" },
  ip_address: nullable({ type: "string" }, "The address that was reached."),
  attempts: list(attemptSchema, "Every address that was tried, in order."),
  tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
  http_version: nullable({ enum: HTTP_VERSIONS }, "The version of the response."),
  status: nullable({ type: "integer" }, "The status code; null if there was no response."),
  reason: nullable({ type: "string" }, "The words after the status code; HTTP/2 has none."),
  headers: headersSchema,
  informational: list({ type: "integer" }, "Status codes of the informational responses (1xx) before it."),
  phases: phasesSchema,
  redirect: nullable({ type: "string" }, "Where the response redirects to; null if it does not."),
  anomalies: list(httpAnomalySchema, "Violations of the standard by the server."),
});
export type Hop = FromSchema<typeof hopSchema>;

const HTTP_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

const text = { type: "string", maxLength: 16_384, format: "header-value" } as const;

/** The input fields that describe a request. */
export const requestInput = {
  method: { enum: HTTP_METHODS, default: "GET", description: "The request's method." },
  headers: {
    type: "object",
    maxProperties: 64,
    propertyNames: { format: "header-name", maxLength: 128 },
    additionalProperties: textOrSecret(text, "The field's value, or a reference to it."),
    description: "Header fields by name, in place of the usual ones. A value may be a reference to a secret.",
  },
  auth: {
    type: "object",
    description: "Credentials for the Authorization header. They are sent to the origin of the URL only, and not to one that a redirect leads to.",
    properties: {
      username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "With a password: the user name (Basic)."),
      password: { ...secretSchema, description: "With a user name: the password (Basic)." },
      token: { ...secretSchema, description: "A bearer token, without a user name and a password." },
    },
    dependentRequired: { username: ["password"], password: ["username"] },
    additionalProperties: false,
  },
} as const;

/** The input fields that describe how requests are sent. */
export const clientInput = {
  version: { enum: ["auto", "1.1", "2"], default: "auto", description: "The HTTP version. auto: 2 if the server chooses it in the TLS handshake, else 1.1." },
  tls: {
    type: "object",
    description: "How https: connections are secured.",
    properties: {
      ...tlsInput,
      verify: {
        ...tlsInput.verify,
        default: "require",
        description: "What to do with an untrusted certificate: ignore = record it, report = warn, require = fail before the request is sent.",
      },
    },
    additionalProperties: false,
    default: {},
  },
  address_family: networkInput.address_family,
  source_address: networkInput.source_address,
  resolver: networkInput.resolver,
  connect_timeout_ms: networkInput.connect_timeout_ms,
  command_timeout_ms: {
    ...networkInput.command_timeout_ms,
    description: "For the TLS handshake, for the response to begin, and for each further piece of it.",
  },
  timeout_ms: networkInput.timeout_ms,
} as const;
