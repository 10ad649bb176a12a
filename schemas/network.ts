import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** The input fields that every networked probe shares. */
export const networkInput = {
  address_family: { enum: ["any", "ipv4", "ipv6"], default: "any", description: "Which address families of the target to try." },
  source_address: { type: "string", format: "address", description: "The local address to connect from." },
  resolver: {
    type: "object",
    description: "Use these name servers instead of the system resolver.",
    properties: {
      servers: {
        type: "array",
        minItems: 1,
        maxItems: 8,
        items: { type: "string", format: "name-server", maxLength: 1024 },
        description:
          "IP addresses of name servers, with :port if it is not 53. tls://192.0.2.1#name asks over TLS, and https://192.0.2.1/dns-query#name over HTTPS; name is the one in the server's certificate, without it the address.",
      },
    },
    required: ["servers"],
    additionalProperties: false,
  },
  connect_timeout_ms: {
    type: "integer",
    minimum: 1,
    maximum: 600_000,
    default: 5000,
    description: "Timeout for the name look-up and connecting, over all addresses.",
  },
  command_timeout_ms: { type: "integer", minimum: 1, maximum: 600_000, default: 10_000, description: "Timeout for the greeting and for each reply." },
  timeout_ms: { type: "integer", minimum: 1, maximum: 3_600_000, default: 30_000, description: "Timeout for the whole run." },
} as const;

const networkInputRecord = { type: "object", properties: networkInput, required: [], additionalProperties: false } as const;
/** The same fields once the harness has filled the defaults in. */
export type NetworkInput = FromSchema<typeof networkInputRecord>;

/** One address that was tried. */
export const attemptSchema = record({
  ip_address: { type: "string" },
  port: { type: "integer" },
  at_ms: { type: "number" },
  duration_ms: { type: "number" },
  outcome: { enum: ["connected", "failed", "abandoned"], description: "abandoned: another address connected first, or the time-out was reached." },
  error: nullable({ type: "string" }, "The system's error name, for example ECONNREFUSED."),
});

export type Attempt = FromSchema<typeof attemptSchema>;

export const networkOutput = {
  attempts: list(attemptSchema, "Every address that was tried, in order."),
} as const;
