import type { FromSchema } from "json-schema-to-ts";
import { DMARC_POLICIES } from "./dmarc.js";
import { findingSchema } from "./finding.js";
import { authenticationSchema } from "./mail-authentication.js";
import { list, nullable, record } from "./shape.js";

/** What was found out about a received message: by SPF, DKIM, DMARC and ARC, and beside it what its receiver found. */

const answer = { enum: ["yes", "no", "unknown"] } as const;

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

export const verificationProperties = {
  from_domains: list({ type: "string" }, "The domains of From, in A-labels."),
  received: record({
    ip: nullable({ type: "string" }, "The connecting address that was used."),
    mail_from: text,
    helo_domain: text,
    at: { type: "string", description: "The time that signatures were judged by." },
    is_encrypted: nullable({ type: "boolean" }, "Whether the trusted host received it over TLS; null if its Received field does not say, or there is none."),
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
  reverse: nullable(
    record({
      names: list({ type: "string" }, "PTR names of the connecting address, at most ten."),
      confirmed: list({ type: "string" }, "Those of them that have this address."),
      outcome: { enum: ["confirmed", "not_confirmed", "no_name", "unknown"], description: "unknown: a name server gave no answer." },
    }),
    "The names of the connecting address; null if it is not known.",
  ),
  bulk_sender: record(
    {
      spf_or_dkim: { ...answer, description: "Gmail and Yahoo require it of every sender." },
      spf_and_dkim: { ...answer, description: "Gmail, Yahoo and Outlook.com require it of bulk senders." },
      dmarc_record: { ...answer, description: "Gmail, Yahoo and Outlook.com require it of bulk senders: DMARC, at least p=none." },
      dmarc_pass: { ...answer, description: "Yahoo requires it of bulk senders." },
      aligned: { ...answer, description: "SPF or DKIM is aligned with From: Gmail, Yahoo and Outlook.com require it of bulk senders." },
      reverse_dns: { ...answer, description: "The connecting address has a name that has this address: Gmail and Yahoo require it of every sender." },
      tls: { ...answer, description: "The message was received over TLS: Gmail requires it of every sender." },
      message_format: {
        ...answer,
        description: "One From with a domain, one Date, no other field twice (RFC 5322, 3.6): Gmail and Yahoo require it of every sender.",
      },
      from_domain_exists: { ...answer, description: "The domain of From answers an SOA query: Yahoo requires it." },
      one_click_unsubscribe: {
        ...answer,
        description: "RFC 8058: both fields are there, and a valid signature covers them. Gmail and Yahoo require it of marketing mail of bulk senders.",
      },
      dkim_key_bits: { ...answer, description: "A passing signature has a key of 1024 bits or more: Yahoo requires it." },
    },
    "The rules of large mailbox providers, as far as a message shows them; unknown: something that decides it is not known.",
  ),
  findings: list(findingSchema),
} as const;

const verification = record(verificationProperties);
export type Verification = FromSchema<typeof verification>;
