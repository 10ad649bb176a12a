import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { DNSSEC_STATES } from "../../schemas/dnssec.js";
import { DNS_PHASES, failureIn } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { HTTP_VERSIONS } from "../../schemas/http.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

/** What the caller wants of every answer. Each field that is given is checked. */
const expectations = {
  type: "object",
  properties: {
    rcode: expectedValue("The response code by name: NOERROR, NXDOMAIN … Without it, anything but NOERROR is an error."),
    records: expectedValue('The data of the records of the asked type, as a sorted list of texts: ["192.0.2.1"], or {"contains": "192.0.2.1"}.'),
    count: expectedValue("The number of records of the asked type."),
    text: expectedValue("The same data as one text, a record a line: for matches and contains."),
    ttl: expectedValue("The smallest time to live of the records in seconds; null if there are none."),
    authoritative: { type: "boolean", description: "The AA flag." },
    authenticated: { type: "boolean", description: "The AD flag: the server says that it validated the answer." },
    truncated: { type: "boolean", description: "The answer did not fit into a datagram." },
    extended_errors: expectedValue("The codes of extended errors (RFC 8914), as a list of numbers."),
    dnssec: expectedValue("secure, insecure, bogus or indeterminate. Needs the input's dnssec."),
    min_signature_days: { type: "number", minimum: 0, maximum: 3650, description: "Every signature is valid for at least this many more days." },
    max_answer_ms: { type: "number", exclusiveMinimum: 0, maximum: 3_600_000, description: "Each answer takes no longer." },
  },
  additionalProperties: false,
} as const;

const name = { type: "string", format: "dns-name", maxLength: 1024 } as const;
const type = { type: "string", format: "record-type", maxLength: 16 } as const;

const input = contract({
  title: "network.dns 1.0.0 input",
  type: "object",
  properties: {
    name: { ...name, description: "A name to ask for, beside questions: a domain name, or . for the root." },
    types: { type: "array", minItems: 1, maxItems: 32, items: type, default: ["A", "AAAA"], description: "The types of record to ask for name." },
    questions: {
      type: "array",
      minItems: 1,
      maxItems: 256,
      items: {
        type: "object",
        properties: {
          name: { ...name, description: "The name to ask for." },
          type: { ...type, default: "A", description: "The type of record, such as MX, HTTPS or TYPE65280." },
          expect: { ...expectations, description: "What must be so in every answer to this question, instead of the run's expect." },
        },
        required: ["name"],
        additionalProperties: false,
      },
      description: "What to ask every server.",
    },
    servers: {
      ...networkInput.resolver.properties.servers,
      maxItems: 16,
      description: "The servers to ask, each separately: IP addresses, with :port if it is not 53. The system's servers by default.",
    },
    transport: {
      enum: ["auto", "udp", "tcp", "tls", "https"],
      default: "auto",
      description:
        "How to ask. auto: UDP, and TCP for an answer that does not fit. tls: DNS over TLS (RFC 7858), port 853 by default. https: DNS over HTTPS (RFC 8484), port 443 by default.",
    },
    https_path: {
      type: "string",
      // Printable ASCII without the number sign and the backslash.
      pattern: '^/[!"$-\\[\\]-~]*$',
      maxLength: 1024,
      default: "/dns-query",
      description: "The path that DNS over HTTPS is asked at, with its query. The host is tls.servername, or the server's address.",
    },
    dnssec: { type: "boolean", default: false, description: "Ask for signatures, and validate every answer from a trust anchor." },
    trust_anchors: {
      type: "array",
      minItems: 1,
      maxItems: 32,
      items: { type: "string", minLength: 10, maxLength: 4096 },
      description: "DS or DNSKEY records to trust, as lines of a master file; the root's keys 20326 and 38696 by default.",
    },
    edns_size: {
      type: "integer",
      minimum: 0,
      maximum: 65_535,
      default: 1232,
      description: "Bytes of a datagram to announce with EDNS; 0 leaves EDNS out.",
    },
    recursion: {
      type: "boolean",
      default: true,
      description: "Ask for recursion (RD). false is for authoritative servers: one that does not serve the zone is lame.",
    },
    compare: { type: "boolean", default: true, description: "Warn if servers give different answers or different SOA serial numbers." },
    max_serial_spread: {
      type: "integer",
      minimum: 0,
      maximum: 2_147_483_647,
      default: 0,
      description: "How far the servers' SOA serial numbers may lie apart.",
    },
    expect: { ...expectations, description: "What must be so in every answer: anything else is an error." },
    prefer: { ...expectations, description: "What should be so in every answer: anything else is a warning." },
    tls: {
      type: "object",
      properties: tlsInput,
      additionalProperties: false,
      default: {},
      description: "DNS over TLS and over HTTPS: which certificates to accept.",
    },
    query_timeout_ms: { type: "integer", minimum: 1, maximum: 60_000, default: 2000, description: "How long to wait for one reply." },
    tries: { type: "integer", minimum: 1, maximum: 10, default: 2, description: "How often a datagram is sent while no reply comes." },
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
  examples: [{ name: "example.org", servers: ["127.0.0.1:9"] }],
});

const recordSchema = record({
  name: { type: "string", description: "The owner, in lower case." },
  type: { type: "string" },
  data: { type: "string", description: "As a master file shows it." },
  ttl: { type: "integer", description: "Seconds." },
});

const answerSchema = record({
  server: { type: "string" },
  name: { type: "string", description: "As it was asked for: in small A-labels." },
  type: { type: "string" },
  transport: { enum: ["udp", "tcp", "tls", "https"], description: "What the answer came over, or was last tried." },
  rcode: nullable({ type: "string" }, "The response code by name; null if there was no answer."),
  flags: nullable(
    record({
      aa: { type: "boolean" },
      tc: { type: "boolean" },
      rd: { type: "boolean" },
      ra: { type: "boolean" },
      ad: { type: "boolean" },
      cd: { type: "boolean" },
    }),
    "The header's flags (RFC 1035, RFC 4035); null if there was no answer.",
  ),
  records: list(recordSchema, "The answer section, in its order, aliases and signatures included."),
  authority: list(recordSchema, "The authority section."),
  cname_chain: list({ type: "string" }, "The names that the asked one leads through by CNAME; the last one has the records."),
  edns_size: nullable({ type: "integer" }, "Bytes of a datagram that the server announces; null without EDNS."),
  edns_refused: { type: "boolean", description: "The server took EDNS for an error, and answered without it." },
  extended_errors: list(
    record({
      code: { type: "integer" },
      name: nullable({ type: "string" }, "Its name in the registry of IANA; null for a code without one."),
      text: { type: "string", description: "What the server adds." },
    }),
    "Extended errors (RFC 8914).",
  ),
  truncated: { type: "boolean", description: "A datagram said that the answer does not fit." },
  dnssec: nullable(
    { enum: DNSSEC_STATES },
    "What our own validation found, whatever the server says. secure: signed, or proven absent. insecure: the zone is proven not to be signed. bogus: forged, expired or broken. indeterminate: it could not be found out. Null if not asked for.",
  ),
  dnssec_detail: nullable(
    record({
      reason: { type: "string", description: "Why." },
      name: nullable({ type: "string" }, "The name where validation broke or ended; null for a secure answer."),
      signature_days_left: nullable({ type: "number" }, "Until the first verified signature of the answer expires; null without one."),
      signers: list({ type: "string" }, "The zones whose signatures were verified."),
    }),
    "Null if dnssec was not asked for.",
  ),
  bytes: nullable({ type: "integer" }, "The size of the reply."),
  duration_ms: { type: "number" },
  tls: nullable(tlsFactsSchema, "The TLS session; null without one."),
  http_version: nullable({ enum: HTTP_VERSIONS }, "Of the response over HTTPS; null without one."),
  failure: failureIn(DNS_PHASES),
});

const output = contract({
  title: "network.dns 1.0.0 output",
  ...outputOf(
    {
      answers: list(answerSchema, "One for each question and server, in the input's order."),
      agreement: list(
        record({
          name: { type: "string" },
          type: { type: "string" },
          agrees: { type: "boolean", description: "All servers that answered gave the same code and the same data." },
          variants: list(record({ rcode: { type: "string" }, data: list({ type: "string" }), servers: list({ type: "string" }) }), "Each different answer."),
        }),
        "What the servers answered, compared question by question.",
      ),
      serials: list(
        record({
          zone: { type: "string" },
          servers: list(record({ server: { type: "string" }, serial: { type: "integer" } })),
          spread: { type: "integer", description: "How far the newest is ahead of the oldest (RFC 1982)." },
        }),
        "SOA serial numbers by zone, from SOA records in answers.",
      ),
      lame_servers: list(
        record({ server: { type: "string" }, name: { type: "string" }, reason: { type: "string" } }),
        "Servers that, without recursion, did not answer with authority (RFC 1912, section 2.8).",
      ),
      findings: list(findingSchema, "What was judged, and why the status is not ok."),
    },
    DNS_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Answer = Output["answers"][number];
export type Expectations = NonNullable<Input["expect"]>;
