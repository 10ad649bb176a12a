import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** A report that receivers send about all mail of a domain: an aggregate report of DMARC, or a TLS report. */

const DOMAIN_REPORT_KINDS = ["dmarc", "tls"] as const;
const DOMAIN_REPORT_FORMATS = ["rfc9990", "rfc7489", "rfc8460"] as const;
const PACKINGS = ["message", "gzip", "zip"] as const;

const text = nullable({ type: "string" });
const count = { type: "integer" } as const;

const counted = record({ domain: text, result: text, messages: count });

const reportSourceSchema = record({
  ip: { type: "string", description: "The address that sent the messages." },
  messages: count,
  pass: { type: "integer", description: "Messages that passed DMARC: by SPF, by DKIM, or by both." },
  fail: count,
  spf_aligned: { type: "integer", description: "Messages for which SPF passed with an aligned domain." },
  dkim_aligned: { type: "integer", description: "Messages for which DKIM passed with an aligned domain." },
  delivered: { type: "integer", description: "Messages with the disposition none or pass." },
  quarantined: count,
  rejected: count,
  header_from: list({ type: "string" }, "The domains of From."),
  envelope_from: list({ type: "string" }, "The domains of the envelope's sender."),
  spf: list(counted, "Results of SPF by domain, aligned or not."),
  dkim: list(record({ domain: text, selector: text, result: text, messages: count }), "Results of DKIM by domain and selector, aligned or not."),
  overrides: list(
    record({ type: text, comment: text, messages: count }),
    "Why the receiver did not apply the policy, such as local_policy, mailing_list, policy_test_mode or trusted_forwarder.",
  ),
});

const tlsFailure = record({
  type: { type: "string", description: "RFC 8460, 4.3: starttls-not-supported, certificate-expired, validation-failure, sts-policy-fetch-error …" },
  sessions: count,
  sending_ip: text,
  mail_host: nullable({ type: "string" }, "The MX host that was connected to."),
  receiving_ip: text,
  reason: nullable({ type: "string" }, "The sender's own code or text for the failure."),
  information: nullable({ type: "string" }, "Where the sender says more, usually a URI."),
});

const tlsPolicySchema = record({
  type: { type: "string", description: "sts, tlsa or no-policy-found." },
  domain: text,
  mail_hosts: list({ type: "string" }, "The patterns of mail hosts in the policy."),
  successful: { type: "integer", description: "Sessions that kept to the policy." },
  failed: { type: "integer", description: "Sessions that did not." },
  failures: list(tlsFailure, "Failed sessions by type and host."),
});

export const domainReportProperties = {
  kind: nullable({ enum: DOMAIN_REPORT_KINDS }, "dmarc: an aggregate report of DMARC. tls: a TLS report (RFC 8460). Null if it could not be read."),
  format: nullable({ enum: DOMAIN_REPORT_FORMATS }, "The standard that the report is written by."),
  packing: list({ enum: PACKINGS }, "What the report was packed in, the outermost first."),
  domain: nullable({ type: "string" }, "The domain that the report is about."),
  receiver: record({
    name: nullable({ type: "string" }, "The receiver that wrote the report."),
    email: text,
    contact: text,
    generator: nullable({ type: "string" }, "The software that wrote it."),
  }),
  report_id: text,
  begin: nullable({ type: "string" }, "The start of the period, in UTC."),
  end: nullable({ type: "string" }, "The end of the period, in UTC."),
  policy: nullable(
    record({
      p: text,
      sp: text,
      np: text,
      adkim: text,
      aspf: text,
      fo: text,
      pct: nullable({ type: "string" }, "RFC 7489 only."),
      testing: nullable({ type: "string" }, "y: the domain's record has t=y (RFC 9990)."),
      discovery_method: nullable({ type: "string" }, "psl or treewalk (RFC 9990)."),
    }),
    "The DMARC policy that the receiver found; null for a TLS report.",
  ),
  messages: nullable(
    record({
      total: count,
      pass: count,
      fail: count,
      spf_aligned: count,
      dkim_aligned: count,
      delivered: count,
      quarantined: count,
      rejected: count,
      overridden: { type: "integer", description: "Messages with at least one override." },
    }),
    "Sums over all sources; null for a TLS report.",
  ),
  sources: list(reportSourceSchema, "Who sent mail with the domain in From, by address; those with the most messages first."),
  sources_left_out: { type: "integer", description: "Sources beyond the most that are listed; their messages are counted." },
  tls: nullable(record({ successful: count, failed: count, policies: list(tlsPolicySchema) }), "Sessions by policy; null for an aggregate report."),
  problems: list({ type: "string" }, "Where the report deviates from its standard, and what was left out because of it."),
} as const;

const whole = record(domainReportProperties);
export type DomainReport = FromSchema<typeof whole>;
export type ReportSource = DomainReport["sources"][number];
export type TlsPolicyReport = NonNullable<DomainReport["tls"]>["policies"][number];
