import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dnsInput } from "../../schemas/dns.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { KINDS } from "./known-lists.js";

const zones = { type: "array", maxItems: 32, items: { type: "string", format: "domain", maxLength: 180 } } as const;

/** Not part of the type: whoever reads the input looks at each field anyway. */
const rules: object = {
  allOf: [{ anyOf: ["addresses", "domains"].map((name) => ({ properties: { [name]: {} }, required: [name] })) }],
  examples: [{ addresses: ["192.0.2.7"] }],
};

const input = contract({
  title: "mail.blocklist 1.0.0 input",
  type: "object",
  properties: {
    addresses: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: { type: "string", format: "address" },
      description: "The addresses that mail is sent from, IPv4 and IPv6.",
    },
    domains: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: { type: "string", format: "domain" },
      description: "The domains of senders, signatures and links, also in letters that are not ASCII.",
    },
    address_lists: { ...zones, description: "The zones of lists of addresses, instead of well-known ones. One that is not known is asked for both families." },
    domain_lists: { ...zones, description: "The zones of lists of domains, instead of well-known ones." },
    severity: { enum: ["error", "warning"], default: "error", description: "What a listing makes of the run." },
    ...dnsInput,
    timeout_ms: networkInput.timeout_ms,
  },
  additionalProperties: false,
  ...rules,
});

const LIST_STATES = ["working", "failing", "refuses_us", "not_asked"] as const;
const LIST_REASONS = ["dead", "lists_everything", "no_code", "no_answer", "refused", "run_ended"] as const;

const listSchema = record({
  zone: { type: "string" },
  kind: { enum: KINDS, description: "What it was asked for. One that lists several kinds is tested for each." },
  state: {
    enum: LIST_STATES,
    description:
      "working: it lists what every list has to, and does not list what none may (RFC 5782, section 5). failing: it does not. refuses_us: it says that it does not answer us.",
  },
  reason: nullable(
    { enum: LIST_REASONS },
    "dead: it does not list its own test entry. lists_everything: it lists what none may. no_code: what it answers is not in 127.0.0.0/8. no_answer: nobody answered for it. Null for one that works.",
  ),
  message: nullable({ type: "string" }, "The same for a person."),
  terms: nullable({ type: "string" }, "Who may ask it; null for one that is not known here."),
});

const answerSchema = record({
  target: { type: "string", description: "The address or the domain, as it was given." },
  kind: { enum: KINDS },
  list: { type: "string", description: "The list's zone." },
  name: { type: "string", description: "What was asked for." },
  result: { enum: ["listed", "not_listed", "unknown"], description: "not_listed: the list works, and says so. unknown: nobody knows." },
  message: nullable({ type: "string" }, "Why nobody knows; null where it is known."),
  codes: list(record({ code: { type: "string" }, meaning: nullable({ type: "string" }, "Null where it is not known here.") }), "What it is listed with."),
  text: list({ type: "string" }, "Why it is listed, in the list's own words, shortened, and with control characters escaped."),
  ttl_s: nullable({ type: "integer" }, "How long the answer is good for yet; null where it does not say."),
  from_cache: { type: "boolean" },
});

const output = contract({
  title: "mail.blocklist 1.0.0 output",
  ...outputOf({
    listed: { type: "integer", description: "How many answers say listed." },
    not_listed: { type: "integer", description: "How many say not_listed." },
    unknown: { type: "integer", description: "How many are unknown." },
    answers: list(answerSchema, "One for each target and each list of its kind."),
    lists: list(listSchema, "One for each list and each kind it was asked for."),
    findings: list(findingSchema, "What was judged, and why the status is not ok."),
  }),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type ListRow = Output["lists"][number];
export type AnswerRow = Output["answers"][number];
