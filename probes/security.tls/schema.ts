import { STARTTLS_PROTOCOLS } from "../../runner/net/starttls/preludes.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { list, nullable, withoutDefault } from "../../schemas/shape.js";
import { tlsInput } from "../../schemas/tls.js";
import { TLS_CHECKS, TLS_POLICY_NAMES, tlsScanSchema } from "../../schemas/tls-scan.js";

const input = contract({
  title: "security.tls 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 443, description: "The port to connect to." },
    starttls: { enum: STARTTLS_PROTOCOLS, description: "The protocol that is upgraded to TLS first; left out for TLS from the first byte." },
    servername: { type: "string", format: "host", description: "The name to send as SNI and to verify; the target host by default." },
    helo_domain: { type: "string", format: "host", description: "The name in EHLO and LHLO; the local address by default." },
    checks: {
      type: "array",
      uniqueItems: true,
      maxItems: TLS_CHECKS.length,
      items: { enum: TLS_CHECKS },
      description: "What to find out besides the protocol versions; everything by default.",
    },
    policy: { enum: TLS_POLICY_NAMES, default: "probe-run", description: "The policy that the server is judged by." },
    verify: {
      ...tlsInput.verify,
      description: "What to make of a certificate that is not trusted: ignore records it, report is a warning, require an error.",
    },
    warn_days: { ...tlsInput.warn_days, description: "Warn when a certificate expires within this number of days." },
    ca: tlsInput.ca,
    parallel: { type: "integer", minimum: 1, maximum: 16, default: 4, description: "Connections open at the same time." },
    budget: { type: "integer", minimum: 1, maximum: 1000, default: 100, description: "Connections in all; what is left to ask then is incomplete." },
    ...networkInput,
    timeout_ms: { ...withoutDefault(networkInput.timeout_ms), description: "Timeout for the whole run; 120 seconds by default." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const output = contract({
  title: "security.tls 1.0.0 output",
  ...outputOf({
    target_host: { type: "string" },
    target_port: { type: "integer" },
    ...networkOutput,
    starttls: nullable({ type: "string" }),
    ...tlsScanSchema.properties,
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
