import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** What a list contains. It decides how the list is queried and tested. */
export const BLOCKLIST_KINDS = ["ipv4", "ipv6", "domain"] as const;
export type BlocklistKind = (typeof BLOCKLIST_KINDS)[number];

export const blocklistZones = { type: "array", maxItems: 32, items: { type: "string", format: "domain", maxLength: 180 } } as const;

const LIST_STATES = ["working", "failing", "refuses_us", "not_asked"] as const;
const LIST_REASONS = ["dead", "lists_everything", "no_code", "no_answer", "refused", "run_ended"] as const;

export const blocklistSchema = record({
  zone: { type: "string" },
  kind: { enum: BLOCKLIST_KINDS, description: "What the list was queried for. A list of several kinds is tested for each." },
  state: {
    enum: LIST_STATES,
    description:
      "working: it passes the self-test of RFC 5782, section 5. failing: it does not. refuses_us: it refuses queries from this resolver. not_asked: it was not queried.",
  },
  reason: nullable(
    { enum: LIST_REASONS },
    "Why the list is unusable, or null if it works. dead: it does not list its own test entry, because it was shut down or refuses this resolver. lists_everything: it lists the entry that must never be listed. no_code: its answers are not in 127.0.0.0/8. no_answer: no name server answered.",
  ),
  message: nullable({ type: "string" }, "A readable explanation."),
  terms: nullable({ type: "string" }, "Terms of use; null if the list is not known to probe-run."),
});
export type Blocklist = FromSchema<typeof blocklistSchema>;

export const blocklistAnswerSchema = record({
  target: { type: "string", description: "The address or domain, as given in the input." },
  kind: { enum: BLOCKLIST_KINDS },
  list: { type: "string", description: "The list's zone." },
  name: { type: "string", description: "The name that was queried." },
  result: {
    enum: ["listed", "not_listed", "unknown"],
    description: "not_listed: the list works and does not list the target. unknown: the list gave no usable answer.",
  },
  message: nullable({ type: "string" }, "Why the result is unknown; null otherwise."),
  codes: list(
    record({ code: { type: "string" }, meaning: nullable({ type: "string" }, "Null if probe-run does not know the code.") }),
    "The codes returned for the target.",
  ),
  text: list({ type: "string" }, "The reason given by the list (TXT), shortened, with control characters escaped."),
  ttl_s: nullable({ type: "integer" }, "Remaining time to live of the answer; null if there is none."),
  from_cache: { type: "boolean" },
});
export type BlocklistAnswer = FromSchema<typeof blocklistAnswerSchema>;
