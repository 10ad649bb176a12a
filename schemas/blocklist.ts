import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** What is listed, which decides how it is asked for and how the list is tested. */
export const BLOCKLIST_KINDS = ["ipv4", "ipv6", "domain"] as const;
export type BlocklistKind = (typeof BLOCKLIST_KINDS)[number];

export const blocklistZones = { type: "array", maxItems: 32, items: { type: "string", format: "domain", maxLength: 180 } } as const;

const LIST_STATES = ["working", "failing", "refuses_us", "not_asked"] as const;
const LIST_REASONS = ["dead", "lists_everything", "no_code", "no_answer", "refused", "run_ended"] as const;

export const blocklistSchema = record({
  zone: { type: "string" },
  kind: { enum: BLOCKLIST_KINDS, description: "What it was asked for. One that lists several kinds is tested for each." },
  state: {
    enum: LIST_STATES,
    description:
      "working: it lists what every list has to, and does not list what none may (RFC 5782, section 5). failing: it does not. refuses_us: it says that it does not answer us.",
  },
  reason: nullable(
    { enum: LIST_REASONS },
    "dead: it does not list its own test entry: it was given up, or hides from this resolver. lists_everything: it lists what none may. no_code: what it answers is not in 127.0.0.0/8. no_answer: nobody answered for it. Null for one that works.",
  ),
  message: nullable({ type: "string" }, "The same for a person."),
  terms: nullable({ type: "string" }, "Who may ask it; null for one that is not known here."),
});
export type Blocklist = FromSchema<typeof blocklistSchema>;

export const blocklistAnswerSchema = record({
  target: { type: "string", description: "The address or the domain, as it was given." },
  kind: { enum: BLOCKLIST_KINDS },
  list: { type: "string", description: "The list's zone." },
  name: { type: "string", description: "What was asked for." },
  result: { enum: ["listed", "not_listed", "unknown"], description: "not_listed: the list works, and says so. unknown: nobody knows." },
  message: nullable({ type: "string" }, "Why nobody knows; null where it is known."),
  codes: list(record({ code: { type: "string" }, meaning: nullable({ type: "string" }, "Null where it is not known here.") }), "What it is listed with."),
  text: list({ type: "string" }, "Why it is listed, in the list's own words, shortened, and with control characters escaped."),
  ttl_s: nullable({ type: "integer" }, "How long the answer is good for yet; null where it does not say."),
  from_cache: { type: "boolean" },
});
export type BlocklistAnswer = FromSchema<typeof blocklistAnswerSchema>;
