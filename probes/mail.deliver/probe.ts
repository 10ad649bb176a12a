import { fieldsViolations, recipientViolations, senderViolations, settingsViolations } from "../../runner/delivery/message/check-settings.js";
import type { OutboundMessage } from "../../runner/delivery/message/outbound-message.js";
import { Recipient, settleOpen } from "../../runner/delivery/message/recipient.js";
import { decidedHere, decisionOfFailure } from "../../runner/delivery/outcome/decide.js";
import { type Decision, US } from "../../runner/delivery/outcome/decision.js";
import { reportOf } from "../../runner/delivery/outcome/report.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { randomSeed, seededRandom } from "../../runner/net/dns/shuffle.js";
import { ENDED } from "../../runner/run/run-state.js";
import type { Violation } from "../../runner/support/request-error.js";
import { failure } from "../../schemas/failure.js";
import { DeliveryJournal } from "./delivery-journal.js";
import { type Ctx, type DeliverEvidence, emptyEvidence } from "./evidence.js";
import { judge } from "./judge.js";
import { messageFromInput } from "./message-from-input.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "mail.deliver",
  summary: "Delivers a message to the mail hosts of its recipients, or to a relay, and reports the outcome of each recipient.",
  needs: ["tcp", "resolver", "delivery", "memory"],
  ...newest,
  checkInput,
  run,
});

/** Errors that need another input. Nothing is sent then. */
function checkInput(input: Input): readonly Violation[] {
  const { mail_from: sender, recipients, fields } = input;
  return [
    ...senderViolations(sender),
    ...recipientViolations(recipients),
    ...(fields === undefined ? [] : fieldsViolations(fields, sender)),
    ...settingsViolations(input),
  ];
}

async function run(input: Input, ctx: Ctx): Promise<DeliverEvidence> {
  const seed = input.seed ?? randomSeed();
  const evidence = emptyEvidence(input, seed);
  const recipients = input.recipients.map((address, index) => new Recipient(address, index));
  const journal = new DeliveryJournal(ctx.memory, recipients);
  const random = seededRandom(seed);
  let message: OutboundMessage | null = null;
  const broken = await ctx.attempt(async () => {
    message = await messageFromInput(input, ctx, recipients, journal, random);
    if (ctx.delivery.refusal === null) await ctx.delivery.deliver(message);
    else settleOpen(recipients, refused(ctx.delivery.refusal));
  });
  if (broken !== null) settleOpen(recipients, decisionOfFailure(broken, US));
  const { reason } = ctx.run.deadline;
  settleOpen(recipients, decidedHere("later", "other", "probe", reason ?? "cancelled", ENDED[reason ?? "cancelled"], US));
  Object.assign(evidence, reportOf({ mode: input.mode, message, recipients, retry: input.retry, random, progress: journal }));
  await goOn(ctx, evidence, recipients, journal);
  judge(evidence, input);
  return evidence;
}

/** Another machine may be permitted to deliver it: a queue keeps it. */
function refused(words: string): Decision {
  const decision = decidedHere("later", "configuration", "connect", "not_permitted", `this machine may not send mail: ${words}`, US);
  return { ...decision, failure: { ...failure("connect", "not_permitted", decision.message as string), retryable: true } };
}

/** Lets the queue continue with the remaining recipients. */
async function goOn(ctx: Ctx, { recipients: reported }: DeliverEvidence, recipients: readonly Recipient[], journal: DeliveryJournal): Promise<void> {
  const dueAt = new Map(
    reported.flatMap(({ next_try_at: at, outcome }, index) =>
      outcome === "queued" ? [[recipients[index] as Recipient, Date.parse(at as string)] as const] : [],
    ),
  );
  // If it cannot be stored, another worker has the job by now.
  if (dueAt.size > 0) await ctx.attempt(() => journal.goOn(dueAt));
}
