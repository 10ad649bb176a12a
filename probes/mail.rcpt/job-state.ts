import { dueTogether, timeOfJob } from "../../runner/harness/due-times.js";
import { STATE_BYTES } from "../../runner/harness/memory.js";
import type { Failure } from "../../schemas/failure.js";
import type { Ctx, Domain, Question, RcptEvidence, Result } from "./evidence.js";
import { NOT_ASKED } from "./route-by-site.js";

/** What a run of a job saves for the next one, so that no address is checked twice. */
interface JobState {
  readonly answers: readonly KeptAnswer[];
  readonly domains: readonly Domain[];
  /** When the next run starts. */
  readonly dueAt: number;
}

interface KeptAnswer {
  /** In the input's order. */
  readonly index: number;
  readonly result: Result;
  readonly failure: Failure | null;
  /** The earliest time of the next check, in milliseconds of UTC; null for a decided address. */
  readonly dueAt: number | null;
}

/** Restores what earlier runs of this job found. Addresses that stay open are due now. */
export function loadState(ctx: Ctx, questions: readonly Question[]): readonly Domain[] {
  const kept = (ctx.memory.state ?? NOTHING) as JobState;
  const now = timeOfJob(kept.dueAt);
  for (const { index, result, failure, dueAt } of kept.answers) {
    const question = questions[index];
    const isDue = dueAt !== null && dueAt <= now;
    if (isDue || question === undefined || question.result.email !== result.email) continue;
    Object.assign(question.result, result);
    Object.assign(question, { failure, isSettled: true, notBefore: dueAt, isRecalled: true });
  }
  // Written by an earlier version, it may lack fields.
  return kept.domains.map((domain) => ({ ...domain, catch_all: { ...NOT_ASKED, ...domain.catch_all } }));
}

const NOTHING: JobState = { answers: [], domains: [], dueAt: 0 };

/** The evidence for recalled results: domains that were not looked up now, and what is known about the others. */
export function addDomains({ domains }: RcptEvidence, recalled: readonly Domain[]): void {
  for (const domain of recalled) {
    const now = domains.find((each) => each.domain === domain.domain);
    if (now === undefined) domains.push(domain);
    else if (!now.catch_all.asked) now.catch_all = domain.catch_all;
  }
}

/** Saves the decided results, and sets the time of the next check for the others. */
export async function saveState(ctx: Ctx, { domains }: RcptEvidence, questions: readonly Question[]): Promise<void> {
  const now = Date.now();
  const answers = questions.map(({ result, failure, notBefore }, index): KeptAnswer => {
    const isOpen = failure?.retryable === true;
    return { index, result, failure, dueAt: isOpen ? (notBefore ?? now + (result.retry_after_ms ?? 0)) : null };
  });
  const dueAts = answers.flatMap(({ dueAt }) => dueAt ?? []);
  const first = dueTogether(dueAts);
  ctx.memory.retryAfter(Math.max(0, first - now));
  const worthKeeping = answers.filter(({ dueAt }) => dueAt === null || dueAt > first);
  if (worthKeeping.length > 0) await ctx.memory.save(fitting({ answers: worthKeeping, domains, dueAt: first }));
}

/** Of a job with hundreds of addresses, not all answers fit: the others are asked for again. */
function fitting({ answers, domains, dueAt }: JobState): JobState {
  for (let most = answers.length; ; most = Math.floor(most / 2)) {
    const some = answers.slice(0, most);
    const names = new Set(some.map(({ result }) => result.domain));
    const kept = { answers: some, domains: domains.filter(({ domain }) => names.has(domain)), dueAt };
    if (Buffer.byteLength(JSON.stringify(kept)) <= STATE_BYTES) return kept;
  }
}
