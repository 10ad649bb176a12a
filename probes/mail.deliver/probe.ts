import type { Order } from "../../runner/delivery/message/outbound-message.js";
import { type Recipient, recipientOf } from "../../runner/delivery/message/recipient.js";
import { decidedHere, decisionOfFailure } from "../../runner/delivery/outcome/decide.js";
import { type Decision, US } from "../../runner/delivery/outcome/decision.js";
import { reportOf } from "../../runner/delivery/outcome/report.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { randomSeed, seededRandom } from "../../runner/net/dns/shuffle.js";
import { ENDED } from "../../runner/run/run-state.js";
import { failure } from "../../schemas/failure.js";
import { Job } from "./delivery-journal.js";
import { type Ctx, type DeliverEvidence, nothingYet } from "./evidence.js";
import { judge } from "./judge.js";
import { orderOf } from "./message-from-input.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "mail.deliver",
  summary: "Brings a message to its recipients' mail hosts, or to a relay, and says of each recipient what became of it.",
  needs: ["tcp", "resolver", "delivery", "memory"],
  ...newest,
  run,
});

async function run(input: Input, ctx: Ctx): Promise<DeliverEvidence> {
  const seed = input.seed ?? randomSeed();
  const evidence = nothingYet(input, seed);
  const recipients = input.recipients.map(recipientOf);
  const job = new Job(ctx.memory, recipients);
  const random = seededRandom(seed);
  let order: Order | null = null;
  const broken = await ctx.attempt(async () => {
    order = await orderOf(input, ctx, recipients, job, random);
    if (ctx.delivery.refusal === null) await ctx.delivery.deliver(order);
    else settleOpen(recipients, refused(ctx.delivery.refusal));
  });
  if (broken !== null) settleOpen(recipients, decisionOfFailure(broken, US));
  const { reason } = ctx.tcp.state.deadline;
  settleOpen(recipients, decidedHere("later", "other", "probe", reason ?? "cancelled", ENDED[reason ?? "cancelled"], US));
  Object.assign(evidence, reportOf({ mode: input.mode, order, recipients, retry: input.retry, random, progress: job }));
  await goOn(ctx, evidence, recipients, job);
  judge(evidence, input);
  return evidence;
}

/** A machine that may would deliver it: a queue must not let it go. */
function refused(words: string): Decision {
  const decision = decidedHere("later", "configuration", "connect", "not_permitted", `nothing may be sent from here: ${words}`, US);
  return { ...decision, failure: { ...failure("connect", "not_permitted", decision.message as string), retryable: true } };
}

function settleOpen(recipients: readonly Recipient[], decision: Decision): void {
  for (const recipient of recipients) recipient.decision ??= decision;
}

/** Sees to it that a queue goes on with those that are left. */
async function goOn(ctx: Ctx, { recipients: told }: DeliverEvidence, recipients: readonly Recipient[], job: Job): Promise<void> {
  const dueAt = new Map(
    told.flatMap(({ next_try_at: at, outcome }, index) => (outcome === "queued" ? [[recipients[index] as Recipient, Date.parse(at as string)] as const] : [])),
  );
  // When it cannot be kept, another worker has the job by now.
  if (dueAt.size > 0) await ctx.attempt(() => job.goOn(dueAt));
}
