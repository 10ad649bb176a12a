import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { failureOfAnswer } from "../../runner/net/dns/answer.js";
import { changedAtAliases } from "../../runner/posture/aliases.js";
import { findingsOf } from "../../runner/posture/check.js";
import { type DkimFacts, examineDkim } from "../../runner/posture/dkim/examine.js";
import { judgeDkim } from "../../runner/posture/dkim/judge.js";
import { questionsOf } from "../../runner/posture/questions.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Failure } from "../../schemas/failure.js";
import { asciiDomain } from "../../schemas/host.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.dkim",
  summary: "Finds the DKIM keys of a domain, at given selectors and at the usual ones, and judges them.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  run,
});

async function run(input: Input, ctx: Context<"resolver">): Promise<Evidence<Output>> {
  const domain = asciiDomain(input.domain);
  const evidence = nothingYet(domain);
  const questions = questionsOf(ctx.resolver, input);
  let unanswered: Failure | null = null;
  const broken = await ctx.attempt(async () => {
    const facts = await examineDkim(domain, input, questions);
    Object.assign(evidence, shownFacts(facts));
    unanswered = failureOf(facts);
    evidence.checks = changedAtAliases(
      judgeDkim(facts, { sends: null, evidenceOf: (selector) => questions.evidence(`${selector}._domainkey.${domain}`, "TXT") }),
      questions,
    );
  });
  evidence.failure = broken ?? unanswered;
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** A selector that was given is what the run is about; of the usual ones, it is enough if one got an answer. */
function failureOf({ domain, keys, silence }: DkimFacts): Failure | null {
  const silent = keys.find(({ source, state }) => source === "given" && state === "unknown");
  if (silent !== undefined) return failureOfAnswer(silent, `TXT ${silent.selector}._domainkey.${domain}`);
  return keys.length === 0 && silence !== null ? failureOfAnswer(silence, `the DKIM keys of ${domain}`) : null;
}

const MAX_SHOWN = 20;

export function shownFacts({ domain, keys, wildcard, unanswered, has_domainkeys, outdated }: DkimFacts) {
  return {
    domain,
    keys: keys.map(({ record: _, problem: __, ...key }) => ({
      ...key,
      flags: [...key.flags],
      aliases: [...key.aliases],
      texts: key.texts.slice(0, MAX_SHOWN).map((text) => text.slice(0, 2000)),
    })),
    wildcard,
    unanswered,
    has_domainkeys,
    outdated: [...outdated],
  };
}

function nothingYet(domain: string): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    domain,
    keys: [],
    wildcard: false,
    unanswered: 0,
    has_domainkeys: null,
    outdated: [],
    checks: [],
    findings: [],
  };
}
