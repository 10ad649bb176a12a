import type { SpamFact } from "../../schemas/spam.js";
import type { Header } from "./header.js";
import { HEADER_LIMITS, shown } from "./limits.js";
import { SPAM_FIELDS, type SpamReading } from "./spam-table.js";

/** What filters wrote into the message, in the order of its fields. */
export function spamFactsOf(header: Header): SpamFact[] {
  const facts: SpamFact[] = [];
  for (const { name, body } of header.fields) {
    const row = SPAM_FIELDS[name.toLowerCase()];
    if (row !== undefined && facts.length < HEADER_LIMITS.verdicts) facts.push(factOf(name, row.system, row.read(body), body));
  }
  return facts;
}

function factOf(field: string, system: string, { verdict = null, score = null, threshold = null, tests = [] }: SpamReading, body: string): SpamFact {
  return {
    field,
    system,
    verdict,
    score,
    threshold,
    tests: tests.slice(0, HEADER_LIMITS.verdicts).map((test) => shown(test, NAME_CHARACTERS)),
    text: shown(body),
  };
}

const NAME_CHARACTERS = 100;
