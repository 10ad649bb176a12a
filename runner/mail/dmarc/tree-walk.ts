import type { Failure } from "../../../schemas/failure.js";
import { failureOfAnswer } from "../../net/dns/answer.js";
import { isUnanswered, type TxtAnswer, type TxtLookup } from "../verify/key-lookup.js";
import { type DmarcRecord, isDmarcRecord, readDmarcRecord } from "./read-record.js";

/** One name of a walk. */
export interface WalkStep {
  readonly domain: string;
  readonly record: DmarcRecord | null;
  /** DMARC records at the name: of two or more, none counts. */
  readonly records: number;
}

/** A name server did not answer: the domain's policy is unknown at present. */
export class WalkUnanswered extends Error {
  override readonly name = "WalkUnanswered";
  readonly failure: Failure;

  constructor(
    /** What was asked: "TXT _dmarc.example.org". */
    question: string,
    answer: Pick<TxtAnswer, "outcome" | "problem">,
  ) {
    const failure = failureOfAnswer(answer, question);
    super(failure.message);
    this.failure = failure;
  }
}

/** RFC 9989, 4.10. */
const MAX_QUERIES = 8;

/** The names that a walk queries, in order: the domain itself, then its last seven labels if it has eight or more, then one label fewer each. */
export function walkNames(domain: string): string[] {
  const labels = domain.split(".");
  const names = [domain];
  for (let left = labels.length >= MAX_QUERIES ? MAX_QUERIES - 1 : labels.length - 1; left >= 1; left -= 1) names.push(labels.slice(-left).join("."));
  return names.slice(0, MAX_QUERIES);
}

export async function askRecord(domain: string, lookup: TxtLookup): Promise<WalkStep> {
  const answer = await lookup(`_dmarc.${domain}`);
  if (isUnanswered(answer)) throw new WalkUnanswered(`TXT _dmarc.${domain}`, answer);
  const texts = answer.texts.filter(isDmarcRecord);
  return { domain, record: texts.length === 1 ? readDmarcRecord(texts[0] as string) : null, records: texts.length };
}

export interface Walk {
  readonly steps: readonly WalkStep[];
  /** Where the walk ended without an answer, so that the organizational domain is not known; null for a whole walk. */
  readonly unanswered: WalkUnanswered | null;
}

/** Asks name after name, up to a record that says psd=y or psd=n, or to a name without an answer. */
export async function walkAnswered(domain: string, lookup: TxtLookup): Promise<Walk> {
  const steps: WalkStep[] = [];
  try {
    for (const name of walkNames(domain)) {
      const step = await askRecord(name, lookup);
      steps.push(step);
      if (step.record !== null && step.record.psd !== "u") break;
    }
  } catch (error) {
    if (!(error instanceof WalkUnanswered)) throw error;
    return { steps, unanswered: error };
  }
  return { steps, unanswered: null };
}

/** The same as a whole: throws WalkUnanswered without an answer for one of the names. */
export async function walkTree(domain: string, lookup: TxtLookup): Promise<readonly WalkStep[]> {
  const { steps, unanswered } = await walkAnswered(domain, lookup);
  if (unanswered !== null) throw unanswered;
  return steps;
}

/** RFC 9989, 4.10.2: which domain of a walk is the organizational one. */
export function organizationalDomain(start: string, steps: readonly WalkStep[]): string {
  const found = steps.filter((step): step is WalkStep & { record: DmarcRecord } => step.record !== null);
  const own = found.find(({ record }) => record.psd === "n");
  if (own !== undefined) return own.domain;
  const suffix = found.find(({ domain, record }) => record.psd === "y" && domain !== start);
  if (suffix !== undefined) return oneLabelBelow(suffix.domain, start);
  return found.at(-1)?.domain ?? start;
}

/** The name below `suffix` on the way to `start`, which the walk may have skipped. */
function oneLabelBelow(suffix: string, start: string): string {
  return start
    .split(".")
    .slice(-(suffix.split(".").length + 1))
    .join(".");
}

/** Two names have one organizational domain only if it ends both of them. */
export function mayShareOrganization(one: string, other: string): boolean {
  const lastLabel = (domain: string): string => domain.slice(domain.lastIndexOf(".") + 1);
  return lastLabel(one) === lastLabel(other);
}
