import type { SiteSummary } from "../../runner/mail-sites/profile.js";
import { type Patience, patienceFor } from "../../runner/mail-sites/site-timeouts.js";
import type { Observation } from "../../runner/mail-sites/store.js";
import { monotonic } from "../../runner/run/clock.js";
import { failure } from "../../schemas/failure.js";
import { keepCatchAll, randomQuestions } from "./catch-all.js";
import { type Decision, decisionOf, settle } from "./decide.js";
import { type Ctx, isOver, type Question, type RcptEvidence, type Site } from "./evidence.js";
import type { Identity } from "./identity.js";
import { Doors } from "./mx-connector.js";
import { endVisit } from "./open-session.js";
import { type Answer, ask } from "./rcpt-transaction.js";
import type { Round } from "./route-by-site.js";
import type { Input } from "./schema.js";

/** Everything that the conversation with one site needs. */
export interface Visiting {
  readonly ctx: Ctx;
  readonly input: Input;
  readonly evidence: RcptEvidence;
  readonly identity: Identity;
  readonly round: Round;
  readonly patience: Patience;
  /** What the site did, for those who come later. */
  readonly seen: Observation[];
}

/** Asks one site for all of its addresses, and then for one that nobody has. */
export async function visitSite(ctx: Ctx, input: Input, evidence: RcptEvidence, identity: Identity, round: Round): Promise<void> {
  const summary = ctx.sites.summary(round.site);
  const patience = patienceFor(summary, input);
  evidence.sites.push(siteShown(round.site, summary, patience));
  const visiting: Visiting = { ctx, input, evidence, identity, round, patience, seen: [] };
  const doors = new Doors(visiting);
  try {
    await askAll(visiting, doors, round.questions);
    if (input.catch_all && patience.mayAskRandom) await askRandom(visiting, doors);
    if (doors.nobodyWasThere) await blameOurselves(visiting);
  } finally {
    await doors.rest();
    // What broke because the run's time was up says nothing of the site.
    if (!isOver(ctx)) ctx.sites.observe(round.site, visiting.seen.slice(-MOST_SEEN));
  }
}

/** One run shall not be all that is remembered of a site. */
const MOST_SEEN = 20;

async function askRandom(visiting: Visiting, doors: Doors): Promise<void> {
  const { ctx, evidence, round } = visiting;
  const random = randomQuestions(ctx, evidence, round.questions);
  await askAll(
    visiting,
    doors,
    random.map(({ question }) => question),
  );
  for (const { domain, question } of random) keepCatchAll(ctx, domain, question);
}

/** Asks until everything is settled or nobody is left to be asked. */
async function askAll(visiting: Visiting, doors: Doors, questions: readonly Question[]): Promise<void> {
  const { evidence, identity, input } = visiting;
  for (let open = questions.filter(isOpen); open.length > 0; open = questions.filter(isOpen)) {
    for (const question of open) question.beganAt ??= monotonic();
    const conversation = await doors.enter((decision, speaker) => open.forEach((question) => void settle(question, decision, speaker, false)));
    if (conversation === null) return;
    const { session, visit, door } = conversation;
    const sender = identity.sender(conversation.helloName);
    evidence.mail_from = sender?.path ?? "<>";
    if (input.pause_ms > 0 && conversation.asked > 0) await pause(visiting);
    const portion = open.slice(0, Math.max(1, input.addresses_per_connection - conversation.asked));
    const answers = await ask(
      session,
      sender,
      portion.map(({ mailbox }) => mailbox),
      { mayPipeline: doors.mayPipeline, pause: input.pause_ms === 0 ? null : () => pause(visiting) },
    );
    conversation.asked += portion.length;
    for (const [index, { decision, isFinal }] of answers.entries()) settle(portion[index] as Question, decision, door, isFinal);
    visit.answered += answers.filter(({ isFinal }) => isFinal).length;
    note(visiting, answers);
    const last = answers.find(({ kind }) => kind !== "answered");
    if (last !== undefined) endVisit(visit, last.decision);
    if (last?.kind === "refused") {
      for (const question of questions.filter(isOpen)) settle(question, unasked(last.decision), door, true);
      return;
    }
    if (last !== undefined)
      await doors.lost(
        last.decision,
        answers.some(({ isFinal }) => isFinal),
      );
    else if (conversation.asked >= input.addresses_per_connection) await doors.leave();
  }
}

/** A server that hears from somebody at an even pace knows a program. */
function pause({ ctx, input }: Visiting): Promise<void> {
  if (isOver(ctx)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(over, Math.random() * input.pause_ms);
    const stopListening = ctx.tcp.state.deadline.onEnd(over);
    function over(): void {
      clearTimeout(timer);
      stopListening();
      resolve();
    }
  });
}

function isOpen({ isSettled }: Question): boolean {
  return !isSettled;
}

/** Refused because of us, on behalf of another address: of this one the server has said nothing. */
function unasked(decision: Decision): Decision {
  return { ...decision, category: decision.category === "temp_fail" ? "temp_fail" : "unknown" };
}

/** Who cannot get out must not say of others that they are dead. */
async function blameOurselves({ ctx, input, round }: Visiting): Promise<void> {
  if (isOver(ctx) || (await ctx.sites.isOutboundOpen(input.mx_port))) return;
  const words = `this machine reaches no mail host at all at port ${input.mx_port}: its network keeps such connections in`;
  // Another machine, or this one on another day: a queue must not let the question go.
  const decision = decisionOf("outbound_blocked", "connect", "unknown", { ...failure("connect", "not_permitted", words), retryable: true });
  for (const question of round.questions) settle(question, decision, null, true);
}

function note({ seen }: Visiting, answers: readonly Answer[]): void {
  for (const { decision, kind, ms } of answers.slice(-MOST_SEEN)) {
    if (decision.reason === "greylisted") seen.push({ kind: "greylisted", ms });
    else if (decision.reason === "no_answer") seen.push({ kind: "timeout", ms: null });
    else if (kind === "refused") seen.push({ kind: "refused_us", ms });
    else if (ms !== null) seen.push({ kind: "answered", ms });
  }
}

function siteShown(site: string, summary: SiteSummary, patience: Patience): Site {
  return {
    site,
    profile: summary.profile,
    observations: summary.observations,
    latency_p50_ms: summary.latencyP50Ms,
    latency_p95_ms: summary.latencyP95Ms,
    last_greylisted: summary.lastGreylistedAt === null ? null : new Date(summary.lastGreylistedAt).toISOString(),
    connect_timeout_ms: patience.connect_timeout_ms,
    command_timeout_ms: patience.command_timeout_ms,
    retries: patience.retries,
  };
}
