import { BIMI_STATES } from "../../runner/posture/bimi/examine.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsInput } from "../../schemas/tls.js";

const input = contract({
  title: "mail.bimi 1.0.0 input",
  type: "object",
  properties: {
    domain: { type: "string", format: "domain", description: "The domain in From." },
    selector: { type: "string", pattern: "^[A-Za-z0-9_-]{1,63}$", default: "default", description: "The selector, as a BIMI-Selector field names it." },
    fetch: { type: "boolean", default: true, description: "Fetch the logo and the certificate that the record names." },
    ca: tlsInput.ca,
    allow_private_addresses: { type: "boolean", default: false, description: "Allow web servers with addresses that are not global." },
    ...dnsInput,
    connect_timeout_ms: networkInput.connect_timeout_ms,
    command_timeout_ms: networkInput.command_timeout_ms,
    timeout_ms: networkInput.timeout_ms,
  },
  required: ["domain"],
  additionalProperties: false,
});

const output = contract({
  title: "mail.bimi 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "In A-labels." },
    record: record({
      state: { enum: BIMI_STATES, description: "declined: the domain says that it has no logo. unknown: no answer was obtained." },
      name: { type: "string", description: "Where the record stands: at the domain, or at its organizational domain." },
      text: nullable({ type: "string" }),
      location: nullable({ type: "string" }, "The address of the logo (l=)."),
      evidence: nullable({ type: "string" }, "The address of the certificate of the mark (a=)."),
      avp: nullable({ type: "string" }),
      lps: list({ type: "string" }),
      problem: nullable({ type: "string" }),
      remarks: list({ type: "string" }),
    }),
    logo: nullable(
      record({
        url: { type: "string" },
        is_tiny_ps: nullable({ type: "boolean" }, "Null if it could not be fetched."),
        problems: list({ type: "string" }, "Why it is no SVG Tiny PS, or why it could not be fetched."),
        remarks: list({ type: "string" }),
        bytes: nullable({ type: "integer" }, "Bytes of the file."),
      }),
    ),
    certificate: nullable(
      record({
        url: { type: "string" },
        problem: nullable({ type: "string" }),
        subject: nullable({ type: "string" }),
        expires: nullable({ type: "string" }),
        is_for_marks: nullable({ type: "boolean" }, "It is issued for marks (VMC or CMC)."),
        is_for_domain: nullable({ type: "boolean" }),
        issuer: nullable({ type: "string" }),
        is_chain_signed: nullable({ type: "boolean" }, "Each certificate of the file is signed by the next one; null for one without others."),
        is_hash_right: nullable({ type: "boolean" }, "The hash in the certificate is that of the logo inside it (RFC 9399); null without a logo."),
        is_logo_same: nullable({ type: "boolean" }, "The logo inside it is the one at location; null if one of the two is not known."),
      }),
      "The first certificate of the file. Whether its issuer may be trusted with marks is not judged.",
    ),
    checks: list(checkSchema, "Nothing is worse than a notice: a logo is a courtesy of receivers."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
