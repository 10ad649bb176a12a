import { SPF_NODE_STATES } from "../../runner/mail/spf/survey.js";
import { outputOf } from "../../schemas/carried.js";
import { checkSchema } from "../../schemas/check.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "mail.spf 1.0.0 input",
  type: "object",
  ...{ examples: [{ domain: "example.org" }, { ip: "192.0.2.1", mail_from: "ann@example.org", helo_domain: "mx.example.org" }] },
  properties: {
    domain: {
      type: "string",
      format: "one-line",
      minLength: 1,
      maxLength: 320,
      description: "The domain whose record is read; that of mail_from, or helo_domain, by default.",
    },
    ip: { type: "string", format: "address", description: "The client's address. Without it the record is read and judged, and no result is evaluated." },
    mail_from: { type: "string", format: "one-line", maxLength: 400, description: "The envelope's sender; empty to check helo_domain (RFC 7208, 2.4)." },
    helo_domain: { type: "string", format: "one-line", maxLength: 400, description: "The name that the client gives in EHLO." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
});

const output = contract({
  title: "mail.spf 1.0.0 output",
  ...outputOf({
    domain: { type: "string", description: "The domain that was checked." },
    ip: nullable({ type: "string" }),
    result: nullable({ enum: ["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"] }, "RFC 7208, 2.6; null without an address."),
    explanation: nullable({ type: "string" }, "The domain's explanation for a client that fails (exp=)."),
    problem: nullable({ type: "string" }, "Why the result is none, temperror or permerror."),
    matched: nullable(record({ term: { type: "string" }, domain: { type: "string" } }), "The term that decided, and the domain of its record."),
    lookups: { type: "integer", description: "DNS look-ups of at most ten: of the evaluation, or of the whole tree without an address." },
    void_lookups: {
      type: "integer",
      description: "Look-ups with an empty answer, of at most two: of the evaluation, or the most that a client of either address family causes.",
    },
    record: nullable({ type: "string" }, "The domain's own record."),
    tree_lookups: { type: "integer", description: "Look-ups of an address that no term matches." },
    tree: list(
      record({
        domain: { type: "string" },
        depth: { type: "integer", description: "0 for the domain itself." },
        term: nullable({ type: "string" }, "The term above that leads here."),
        record: nullable({ type: "string" }),
        state: { enum: SPF_NODE_STATES, description: "none: no SPF record. several: more than one. loop: the records include each other." },
        problem: nullable({ type: "string" }, "Why the record cannot be used, with its column."),
        lookups: { type: "integer", description: "Terms of this record that cause look-ups." },
        unknown_terms: list({ type: "string" }, "Terms whose target only a message decides (macros)."),
        unreachable_terms: list({ type: "string" }, "Terms that are never evaluated beside all: those behind it, and a redirect."),
      }),
      "Every record that the domain's own leads to; at most 50.",
    ),
    checks: list(checkSchema, "The rules of RFC 7208, and how the record fares by each."),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
