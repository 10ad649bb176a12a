import type { SiteSummary } from "../../runner/mail-sites/profile.js";
import { type SiteTimeouts, timeoutsFor } from "../../runner/mail-sites/site-timeouts.js";
import { monotonic } from "../../runner/run/clock.js";
import { failure } from "../../schemas/failure.js";
import { hostChecks, keepCatchAll, randomOf, randomQuestion, recallCatchAll } from "./catch-all.js";
import { type Decision, decisionOf, type Speaker, settle } from "./decide.js";
import { type Ctx, isOver, type Question, type RcptEvidence, type Site } from "./evidence.js";
import type { Identity } from "./identity.js";
import { MxConnector } from "./mx-connector.js";
import type { Conversation } from "./open-conversation.js";
import { endAttempt } from "./open-conversation.js";
import { Pace } from "./pace.js";
import { type Answer, askForAddresses } from "./rcpt-transaction.js";
import type { SiteBatch } from "./route-by-site.js";
import type { Input } from "./schema.js";
import type { SiteCheck } from "./site-check.js";

/** Asks one site about all of its addresses, and then each host that accepted one about a random address. */
export async function checkSite(ctx: Ctx, input: Input, evidence: RcptEvidence, identity: Identity, batch: SiteBatch): Promise<void> {
  const summary = ctx.sites.summary(batch.site);
  const timeouts = timeoutsFor(summary, input);
  if (!evidence.sites.some(({ site }) => site === batch.site)) evidence.sites.push(siteShown(batch.site, summary, timeouts));
  const check: SiteCheck = { ctx, input, evidence, identity, batch, timeouts, pace: new Pace(ctx, input), observations: [] };
  const connector = new MxConnector(check);
  try {
    await askAll(check, connector, batch.questions);
    if (input.catch_all) await askRandom(check, connector);
    if (connector.isUnreachable) await blameOurselves(check);
  } finally {
    await connector.rest();
    // A run that ended early says nothing of the site.
    if (!isOver(ctx)) ctx.sites.observe(batch.site, check.observations.slice(-MAX_OBSERVATIONS));
  }
}

/** One run must not fill the whole memory of a site. */
const MAX_OBSERVATIONS = 20;

async function askRandom(check: SiteCheck, connector: MxConnector): Promise<void> {
  const { ctx, evidence, batch, timeouts } = check;
  const random = randomOf(evidence);
  for (const host of hostChecks(evidence, batch.questions)) {
    if (recallCatchAll(ctx, host) || !timeouts.mayAskRandom) continue;
    const question = randomQuestion(host, random);
    if (question === null) continue;
    await askAll(check, connector, [question], host.speaker);
    keepCatchAll(ctx, host, question);
  }
}

/** Asks until every address is settled or no endpoint is left. `at`: at this endpoint only. */
async function askAll(check: SiteCheck, connector: MxConnector, questions: readonly Question[], at: Speaker | null = null): Promise<void> {
  const { pace } = check;
  for (let open = questions.filter(isOpen); open.length > 0; open = questions.filter(isOpen)) {
    for (const question of open) question.beganAt ??= monotonic();
    const conversation = await connector.open((decision, speaker) => open.forEach((question) => void settle(question, decision, speaker, false)), at);
    if (conversation === null) return;
    if (pace.isSlow) await pace.wait({ isFirstOfConnection: conversation.pooled.used === 0 });
    const answers = await askPortion(check, connector, conversation, open);
    const last = answers.find(({ kind }) => kind !== "answered");
    if (last?.kind === "refused") {
      for (const question of questions.filter(isOpen)) settle(question, unasked(last.decision), conversation.endpoint, true);
      return;
    }
    const wasOfUse = answers.some(({ isFinal }) => isFinal);
    if (last !== undefined) await connector.lost(last.decision, wasOfUse);
    else if (conversation.pooled.used >= connector.addressesPerConnection) await connector.leave();
  }
}

/** As many of the open addresses as the connection may still be asked for. */
async function askPortion(check: SiteCheck, connector: MxConnector, conversation: Conversation, open: readonly Question[]): Promise<Answer[]> {
  const { evidence, identity, pace } = check;
  const { pooled, attempt, endpoint } = conversation;
  const sender = identity.sender(pooled.helloName);
  evidence.mail_from = sender?.path ?? "<>";
  const portion = open.slice(0, Math.max(1, connector.addressesPerConnection - pooled.used));
  const mailboxes = portion.map(({ mailbox }) => mailbox);
  const pacing = { mayPipeline: connector.mayPipeline, pause: pace.isSlow ? () => pace.wait({ isFirstOfConnection: false }) : null };
  const given = await askForAddresses(pooled.session, sender, mailboxes, pacing);
  const answers = connector.hasUsedUp(given) ? given.map((answer) => (answer.kind === "refused" ? { ...answer, ...LOST } : answer)) : given;
  pooled.used += portion.length;
  for (const [index, { decision, isFinal }] of answers.entries()) settle(portion[index] as Question, decision, endpoint, isFinal);
  attempt.answered += answers.filter(({ isFinal }) => isFinal).length;
  observe(check, answers);
  const last = answers.find(({ kind }) => kind !== "answered");
  if (last !== undefined) endAttempt(attempt, last.decision);
  return answers;
}

/** Another connection may do better. */
const LOST = { kind: "gone", isFinal: false } as const;

function isOpen({ isSettled }: Question): boolean {
  return !isSettled;
}

/** The server refused us while another address was asked for: it said nothing of this one. */
function unasked(decision: Decision): Decision {
  return { ...decision, category: decision.category === "temp_fail" ? "temp_fail" : "unknown" };
}

/** If our own network blocks the port, no host may be called dead. */
async function blameOurselves({ ctx, input, batch }: SiteCheck): Promise<void> {
  if (isOver(ctx) || (await ctx.sites.isOutboundOpen(input.mx_port))) return;
  const words = `this machine reaches no mail host at port ${input.mx_port}: its network blocks outbound connections to that port`;
  // Another machine may be able to ask, so a queue has to keep the job.
  const decision = decisionOf("outbound_blocked", "connect", "unknown", { ...failure("connect", "not_permitted", words), retryable: true });
  for (const question of batch.questions) settle(question, decision, null, true);
}

function observe({ observations }: SiteCheck, answers: readonly Answer[]): void {
  for (const { decision, kind, ms } of answers.slice(-MAX_OBSERVATIONS)) {
    if (decision.reason === "greylisted") observations.push({ kind: "greylisted", ms });
    else if (decision.reason === "no_answer") observations.push({ kind: "timeout", ms: null });
    else if (kind === "refused") observations.push({ kind: "refused_us", ms });
    else if (ms !== null) observations.push({ kind: "answered", ms });
  }
}

function siteShown(site: string, summary: SiteSummary, timeouts: SiteTimeouts): Site {
  return {
    site,
    profile: summary.profile,
    observations: summary.observations,
    latency_p50_ms: summary.latencyP50Ms,
    latency_p95_ms: summary.latencyP95Ms,
    last_greylisted: summary.lastGreylistedAt === null ? null : new Date(summary.lastGreylistedAt).toISOString(),
    connect_timeout_ms: timeouts.connect_timeout_ms,
    command_timeout_ms: timeouts.command_timeout_ms,
    retries: timeouts.retries,
  };
}
