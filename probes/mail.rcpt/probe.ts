import { heloViolations } from "../../runner/harness/check-helo.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { rcptInputFrom } from "../../runner/mail-sites/environment.js";
import { siteLimits } from "../../runner/mail-sites/limits.js";
import { parseMailbox, parseSender } from "../../runner/net/smtp/mailbox.js";
import { ENDED } from "../../runner/run/run-state.js";
import type { Violation } from "../../runner/support/request-error.js";
import { type Failure, failure } from "../../schemas/failure.js";
import { domainOf } from "../../schemas/host.js";
import type { RcptReason } from "../../schemas/rcpt.js";
import { checkSite } from "./check-site.js";
import { decisionOf, settle } from "./decide.js";
import { type Ctx, emptyEvidence, newQuestion, type Question, type RcptEvidence } from "./evidence.js";
import { identityOf } from "./identity.js";
import { addDomains, loadState, saveState } from "./job-state.js";
import { judge } from "./judge.js";
import { routeBySite } from "./route-by-site.js";
import { type Input, newest } from "./schema.js";

export default defineProbe({
  name: "mail.rcpt",
  summary: "Checks with a domain's mail hosts whether they accept mail for an address, without sending any.",
  needs: ["tcp", "tls", "resolver", "sites", "memory"],
  target: "email",
  ...newest,
  checkInput,
  weight: ({ emails = [] }) => Math.max(1, emails.length),
  usualLimits: siteLimits,
  fromEnvironment: rcptInputFrom,
  run,
});

/** What only another input can mend: nothing is sent then. A value that a reference led to is checked too, and so none is shown. */
function checkInput({ mail_from: sender, helo_domain: helo }: Input): Violation[] {
  const parsed = typeof sender === "string" ? parseSender(sender) : null;
  return [
    ...heloViolations(helo),
    ...(parsed !== null && "problem" in parsed ? [{ pointer: "/mail_from", message: "is not a valid mail address", hint: "or <> for the null sender" }] : []),
  ];
}

async function run(input: Input, ctx: Ctx): Promise<RcptEvidence> {
  const evidence = emptyEvidence(input);
  const questions = evidence.results.map(questionOf);
  const recalled = loadState(ctx, questions);
  const broken = await ctx.attempt(async () => {
    const asked = questions.filter(({ isSettled }) => !isSettled);
    if (ctx.sites.refusal !== null) return refuse(asked, ctx.sites.refusal);
    const identity = identityOf(input);
    const batches = await routeBySite(ctx, input, evidence, asked);
    // One site after the other; several at once take several runs.
    for (const batch of batches) await checkSite(ctx, input, evidence, identity, batch);
  });
  const { reason } = ctx.run.deadline;
  const ended = broken ?? (reason === null ? null : failure("probe", reason, ENDED[reason]));
  if (ended !== null) for (const question of questions.filter(isUnanswered)) settle(question, decisionOf(reasonFor(ended), null, "unknown", ended), null, true);
  addDomains(evidence, recalled);
  judge(evidence, questions);
  // Of a job that another worker holds by now, nothing is stored.
  if (ctx.memory.isRetried && evidence.failure?.retryable) await ctx.attempt(() => saveState(ctx, evidence, questions));
  return evidence;
}

function reasonFor({ code }: Failure): RcptReason {
  return code === "not_permitted" ? "not_permitted" : "run_ended";
}

/** No server has answered for it. */
function isUnanswered({ result }: Question): boolean {
  return result.code === null;
}

/** An invalid address is settled at once. */
function questionOf(result: RcptEvidence["results"][number]): Question {
  const mailbox = parseMailbox(result.email);
  if (!("problem" in mailbox)) {
    result.domain = domainOf(mailbox.host);
    return newQuestion(mailbox, result);
  }
  const question = newQuestion(NO_MAILBOX, result);
  // The mailbox in "John <john@example.org>" may exist: the input is wrong, not the mailbox.
  const reason = WITH_DISPLAY_NAME.test(result.email) ? "address_unsupported" : "address_malformed";
  const words = `not an address that can be checked: ${mailbox.problem}`;
  settle(question, decisionOf(reason, "input", "unknown", failure("rcpt", "not_permitted", words)), null, true);
  return question;
}

const WITH_DISPLAY_NAME = /<[^<>@]{1,64}@[^<>@]{1,255}>\s*$/;

const NO_MAILBOX = { path: "", localPart: "", host: { kind: "name", host: "" }, needsSmtpUtf8: false } as const;

function refuse(questions: readonly Question[], words: string): void {
  // Another machine may be allowed to ask, so a queue has to keep the job.
  const decision = decisionOf("not_permitted", "input", "unknown", { ...failure("connect", "not_permitted", words), retryable: true });
  for (const question of questions) settle(question, decision, null, true);
}
