import { DMARC_POLICIES } from "../../runner/mail/dmarc/read-record.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { authenticationSchema } from "../../schemas/mail-authentication.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const MESSAGE_CHARACTERS = 64 * 1024 * 1024;

/** Not part of the type: the probe reads whichever is given. */
const rules: object = {
  oneOf: [given("message"), given("message_base64")],
  examples: [{ message: "From: sender@example.org\r\nSubject: hello\r\n\r\nHello.\r\n" }],
};

function given(name: string): object {
  return { properties: { [name]: {} }, required: [name] };
}

const input = contract({
  title: "mail.verify 1.0.0 input",
  type: "object",
  ...rules,
  properties: {
    message: { type: "string", minLength: 1, maxLength: MESSAGE_CHARACTERS, description: "The whole message as it was received. Line ends may be LF or CRLF." },
    message_base64: {
      type: "string",
      minLength: 4,
      maxLength: MESSAGE_CHARACTERS,
      pattern: "^[A-Za-z0-9+/\\s]+={0,2}\\s*$",
      description: "The same in base64, instead of `message`: for bytes that are not UTF-8.",
    },
    ip: {
      type: "string",
      format: "address",
      description: "The address that the message came from. Without it, and without trusted_hosts, SPF is not evaluated.",
    },
    mail_from: { type: "string", format: "one-line", maxLength: 320, description: "The envelope's sender; empty for a bounce. Return-Path by default." },
    helo_domain: { type: "string", format: "one-line", maxLength: 320, description: "The name that the client gave in EHLO." },
    trusted_hosts: {
      type: "array",
      maxItems: 32,
      items: { type: "string", maxLength: 255 },
      description: "Names of your own servers: the topmost Received field that one of them wrote gives ip, helo_domain and the time of receipt.",
    },
    authserv_ids: {
      type: "array",
      maxItems: 32,
      items: { type: "string", maxLength: 255 },
      description: "Whose Authentication-Results are the receiver's own.",
    },
    at: {
      type: "string",
      pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$",
      description: "The time of receipt, by which signatures are judged; that of the trusted Received field, or now, by default.",
    },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
});

const text = nullable({ type: "string" });

const spf = record({
  result: {
    enum: ["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "not_evaluated"],
    description: "RFC 7208, 2.6. not_evaluated: the connecting address is not known.",
  },
  domain: nullable({ type: "string" }, "The domain that was checked."),
  identity: nullable({ enum: ["mail_from", "helo"] }, "Where the domain is from: helo for an empty sender."),
  problem: nullable({ type: "string" }, "Why it is none, temperror or permerror."),
  explanation: text,
  lookups: nullable({ type: "integer" }),
  void_lookups: nullable({ type: "integer" }),
});

const dkim = record({
  result: { enum: ["pass", "fail", "neutral", "permerror", "temperror"], description: "RFC 8601, 2.7.1." },
  reason: nullable({ type: "string" }, "A stable word for what decided it; null for a pass."),
  message: text,
  domain: nullable({ type: "string" }, "d=, in A-labels."),
  selector: text,
  algorithm: text,
  key_bits: nullable({ type: "integer" }),
  signed_fields: list({ type: "string" }),
  from_is_oversigned: { type: "boolean", description: "A second From could not be added (RFC 6376, 8.15)." },
  unsigned_body_bytes: { type: "integer", description: "Body after what l= covers: anybody could have added it." },
  signed_at: text,
  expires_at: text,
  is_test: { type: "boolean", description: "The key says t=y." },
  is_aligned: { type: "boolean", description: "It passed for a domain that DMARC takes for the author's." },
});

const output = contract({
  title: "mail.verify 1.0.0 output",
  ...outputOf({
    from_domains: list({ type: "string" }, "The domains of From, in A-labels."),
    received: record({
      ip: nullable({ type: "string" }, "The connecting address that was used."),
      mail_from: text,
      helo_domain: text,
      at: { type: "string", description: "The time that signatures were judged by." },
      source: { enum: ["input", "received", "none"], description: "Where the connecting address is from." },
    }),
    spf,
    dkim: list(dkim, "Every signature, in the order of the message; at most ten."),
    dmarc: record({
      result: {
        enum: ["pass", "fail", "none", "temperror", "permerror", "unknown"],
        description:
          "RFC 9989, 5.3. unknown: nothing that was evaluated is aligned, and SPF, which may be, could not be evaluated without the connecting address.",
      },
      reason: text,
      policy_domain: nullable({ type: "string" }, "Where the record was found that decided."),
      organizational_domain: text,
      policy: nullable({ enum: DMARC_POLICIES }, "What the domain asks for; one lower than published with t=y."),
      published_policy: nullable({ enum: DMARC_POLICIES }),
      record: text,
      aligned: list(record({ method: { enum: ["spf", "dkim"] }, domain: { type: "string" } })),
      walk: list(record({ domain: { type: "string" }, found: { type: "boolean" } }), "The names that the tree walk asked (RFC 9989, 4.10)."),
    }),
    arc: record({
      result: { enum: ["none", "pass", "fail", "temperror"], description: "For information: DMARC does not count it." },
      reason: text,
      instance: nullable({ type: "integer" }),
      sealers: list({ type: "string" }),
      oldest_pass: nullable({ type: "integer" }),
    }),
    receiver: { ...authenticationSchema, description: "What the receiver wrote into the message, for comparison." },
    bulk_sender: record({
      spf_or_dkim: { enum: ["yes", "no", "unknown"], description: "Asked of everybody by Gmail and Yahoo." },
      spf_and_dkim: { enum: ["yes", "no", "unknown"], description: "Asked of bulk senders by Gmail, Yahoo and Outlook.com." },
      dmarc_record: { enum: ["yes", "no", "unknown"] },
      aligned: { enum: ["yes", "no", "unknown"], description: "SPF or DKIM is aligned with From." },
      one_click_unsubscribe: { enum: ["yes", "no", "unknown"], description: "RFC 8058: both fields are there, and a valid signature covers them." },
      dkim_key_bits: { enum: ["yes", "no", "unknown"], description: "A passing signature has a key of 1024 bits or more." },
    }),
    findings: list(findingSchema),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
