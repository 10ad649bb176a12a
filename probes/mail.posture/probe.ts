import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { changedAtAliases } from "../../runner/posture/aliases.js";
import { answersOf } from "../../runner/posture/answers.js";
import { changesOf } from "../../runner/posture/changes.js";
import { findingsOf } from "../../runner/posture/check.js";
import { type DomainMeans, type DomainQuestion, examineDomain, type Part, type RelayedHost } from "../../runner/posture/examine-domain.js";
import { fetchPolicyOf } from "../../runner/posture/fetch.js";
import { meetHost } from "../../runner/posture/hosts/meet.js";
import { hostTurns } from "../../runner/posture/hosts/turns.js";
import { isBogusBy } from "../../runner/posture/is-bogus.js";
import { judgeDomain } from "../../runner/posture/judge-domain.js";
import { type Questions, questionsOf, unansweredFailure } from "../../runner/posture/questions.js";
import { askRelay, relayNotAsked } from "../../runner/posture/relay/ask.js";
import { type OwnAddress, ownAddress, relayAttempts } from "../../runner/posture/relay/attempts.js";
import { statusOf } from "../../runner/run/judge.js";
import { AREAS } from "../../schemas/check.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import type { MailHost } from "../../schemas/mx.js";
import { nothingYet, shownFacts } from "./evidence.js";
import { listingsBy } from "./listings.js";
import { type Input, newest, type Output, USUAL_TIMEOUT_MS } from "./schema.js";

type Ctx = Context<"resolver" | "tcp" | "tls">;

export default defineProbe({
  name: "mail.posture",
  summary: "Examines how a domain's mail is set up: can others send in its name, does its mail arrive, can mail to it be read or lost.",
  needs: ["resolver", "tcp", "tls"],
  target: "domain",
  ...newest,
  usualTimeoutMs: () => USUAL_TIMEOUT_MS,
  checkInput: ({ ca, relay_own_address: own }) => [...certificateViolations("/ca", ca), ...(own === undefined || ownAddress(own) !== null ? [] : [NO_ADDRESS])],
  run,
});

const NO_ADDRESS = { pointer: "/relay_own_address", message: "is not a plain address in a domain", hint: "for example relay-test@example.net" };

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence = nothingYet(domain);
  const questions = questionsOf(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const facts = await examineDomain(questionOf(input, domain), meansOf(input, ctx, questions));
    Object.assign(evidence, shownFacts(facts));
    evidence.questions = questions.count;
    evidence.checks = changedAtAliases(judgeDomain(facts, questions.evidence), questions);
    evidence.answers = answersOf(facts, evidence.checks);
    evidence.changes = changesOf(evidence.checks);
    // Nothing at all is known: the run has examined nothing.
    if (evidence.answers.every(({ answer }) => answer === "unknown")) unanswered = await unansweredFailure(questions, domain, "MX");
  });
  // A run that was cut short has examined too little for an answer.
  if (broken !== null) evidence.answers = AREAS.map((area) => ({ area, answer: "unknown" as const, message: broken.message, checks: 0, unknown: 0 }));
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

function questionOf(input: Input, domain: string): DomainQuestion {
  return {
    domain,
    profile: input.profile,
    selectors: input.selectors,
    guessSelectors: input.guess_selectors,
    sending: input.sending_addresses ?? null,
    heloName: input.helo_domain === undefined ? null : asciiDomain(input.helo_domain),
    port: input.mx_port,
    policyPort: input.policy_port,
    allowPrivate: input.allow_private_addresses,
    now: new Date(),
  };
}

/** As mail.relay asks. A host that breaks the conversation leaves the rest unknown. */
async function relayedBy({ host, addresses }: MailHost, own: OwnAddress, input: Input, ctx: Ctx): Promise<RelayedHost> {
  const answers = relayNotAsked(relayAttempts(own, { host, domain: asciiDomain(input.domain) }));
  const address = addresses.find(({ may_be_dialled: mayBeDialled }) => mayBeDialled);
  const { connect_timeout_ms, command_timeout_ms } = input;
  if (address !== undefined)
    await ctx.attempt(async () => {
      const endTurn = await hostTurns().take(`${address.ip_address} ${input.mx_port}`, ctx.run.deadline);
      const target = { host: address.ip_address, port: input.mx_port, address_family: "any", connect_timeout_ms, command_timeout_ms } as const;
      await askRelay(ctx, target, answers).finally(endTurn);
    });
  return { host, attempts: answers.relay_attempts };
}

function meansOf(input: Input, ctx: Ctx, questions: Questions): DomainMeans {
  const { connect_timeout_ms, command_timeout_ms, ca } = input;
  const options = { port: input.mx_port, deadline: ctx.run.deadline, connect_timeout_ms, command_timeout_ms, ca };
  const parts = new Map<Part, Questions>();
  const own = input.relay_own_address === undefined ? null : ownAddress(input.relay_own_address);
  return {
    questions: (part) => {
      const known = parts.get(part) ?? questions.through(ctx.part(part).resolver);
      parts.set(part, known);
      return known;
    },
    meet: input.connect ? (host) => meetHost(ctx.part("host"), host, options) : null,
    askRelay: own === null ? null : (host) => relayedBy(host, own, input, ctx.part("relay")),
    fetchPolicy: fetchPolicyOf(ctx.part("mtasts"), input),
    isBogus: isBogusBy(ctx.part("dnssec").resolver, input),
    listings: listingsBy(input, ctx.part("blocklist")),
  };
}
