import type { Advice, Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { readStsRecords } from "../../tls-policy/sts/record.js";
import { advice, check, type Rule } from "../check.js";
import type { StsFacts } from "./examine.js";

export interface StsJudgeOptions {
  readonly evidence: readonly CheckEvidence[];
  /** The domain takes mail; null if that is not known. */
  readonly receives: boolean | null;
}

/** RFC 8461, 3.2 and 10.2: a year at most; less than a week protects little. */
const MAX_AGE_S = 31_557_600;
const SHORT_AGE_S = 604_800;

const rule = (name: string, section: string): Rule => ({ id: `mtasts.${name}`, area: "receiving", spec: `RFC 8461 ${section}` });

export function judgeSts(facts: StsFacts, options: StsJudgeOptions): Check[] {
  const record = recordCheck(facts, options);
  if (facts.policy === null) return [record];
  if (facts.policy.state !== "valid") return [record, policyCheck(facts)];
  return [record, policyCheck(facts), modeCheck(facts), ...hostChecks(facts), ageCheck(facts)];
}

function recordCheck({ domain, record }: StsFacts, { evidence, receives }: StsJudgeOptions): Check {
  const about = rule("record", "3.1");
  const [near] = record.near_misses;
  const name = `_mta-sts.${domain}`;
  if (record.state === "unknown") return check(about, "unknown", record.problem ?? "no answer", { evidence });
  if (record.state === "invalid") return check(about, "error", record.problem ?? "invalid", { evidence, advice: correction(name, record.texts) });
  if (record.state === "valid") return check(about, "pass", `the policy is announced (id ${record.id})`, { evidence });
  if (near !== undefined)
    return check(about, "error", `${domain} has no MTA-STS record: ${miss(near)}`, {
      evidence,
      advice: advice("Senders ignore the record as it is.", [{ name, type: "TXT", old: near, new: corrected(near) }]),
    });
  if (receives === false) return check(about, "not_applicable", "a domain that takes no mail needs no policy", { evidence });
  return check(about, "notice", `${domain} has no MTA-STS policy: an attacker on the way can read mail to it, unless DANE protects it`, { evidence });
}

function correction(name: string, texts: readonly string[]): Advice {
  const [first] = texts;
  if (first === undefined || texts.length === 1) {
    return advice("Senders ignore the record as it is.", first === undefined ? [] : [{ name, type: "TXT", old: first, new: corrected(first) }]);
  }
  const valid = texts.find((text) => readStsRecords([[text]]).kind === "announced");
  const others = texts.filter((text) => text !== valid);
  return advice("Senders ignore all of several records: keep one.", valid === undefined ? [] : others.map((old) => ({ name, type: "TXT", old, new: null })));
}

/** With the letters and digits of the id that is written: a new id only makes senders fetch the policy again. */
function corrected(text: string): string {
  const [, written = ""] = /(?:^|[;\s])id\s*[=:]\s*"?([^;,"]*)/i.exec(text.slice(0, 500)) ?? [];
  const id = written.replace(/[^A-Za-z0-9]/g, "").slice(0, 32);
  return `v=STSv1; id=${id === "" ? "1" : id};`;
}

function miss(text: string): string {
  return `${JSON.stringify(text.slice(0, 100))} does not begin with "v=STSv1;" exactly`;
}

function policyCheck({ policy, domain }: StsFacts): Check {
  const about = rule("policy", "3.2, 3.3");
  if (policy === null) return check(about, "not_applicable", "no policy is announced");
  const { state, mode, mx, max_age_s: age, problem } = policy;
  if (state === "unknown") return check(about, "unknown", `the policy could not be fetched: ${problem}`);
  if (state === "invalid" || state === "missing") {
    const verdict: Verdict = mode === "enforce" ? "error" : "warning";
    const what = state === "invalid" ? "the policy is invalid" : "there is no policy";
    return check(about, verdict, `${what} at https://mta-sts.${domain}/.well-known/mta-sts.txt: ${problem}`, {
      advice: advice("Serve a valid policy there. Senders that have no older policy send without protection; others keep the old one until it expires."),
    });
  }
  if (age !== null && age > MAX_AGE_S)
    return check(about, mode === "enforce" ? "error" : "warning", `max_age is ${age}, and at most ${MAX_AGE_S} is allowed`, {
      advice: advice(`Write max_age: ${MAX_AGE_S} or less, and change the id of the record.`),
    });
  return check(about, "pass", mode === "none" ? "the policy is valid" : `the policy is valid and allows ${mx.join(", ")}`);
}

function modeCheck({ policy }: StsFacts): Check {
  const about = rule("mode", "5");
  if (policy?.mode === "none") return check(about, "notice", "the policy has mode none: it protects nothing");
  if (policy?.mode === "enforce") return check(about, "pass", "the policy is enforced");
  return check(about, "notice", "the policy has mode testing: senders report violations, and deliver all the same", {
    advice: advice("Set mode: enforce in the policy, and a new id in the record.", [], { waitFor: "TLS reports without failures" }),
  });
}

/** RFC 8461, 4.1: mail to a host that the policy does not allow is not delivered. */
function hostChecks({ policy, hosts, domain }: StsFacts): Check[] {
  if (hosts.length === 0) return [];
  const about = rule("mx", "4.1");
  const missing = hosts.filter(({ is_allowed: isAllowed }) => !isAllowed).map(({ host }) => host);
  const verdict: Verdict = policy?.mode === "enforce" ? "error" : "warning";
  const untrusted = hosts.filter(({ is_trusted: isTrusted }) => isTrusted === false).map(({ host }) => host);
  const distrust = untrusted.map((host) =>
    check(about, verdict, `the certificate of ${host} is not trusted for its name${verdict === "error" ? ": senders do not deliver to it" : ""}`, {
      advice: advice("Get a certificate from a public authority, and renew it in time."),
    }),
  );
  if (missing.length === 0) return distrust.length > 0 ? distrust : [check(about, "pass", "the policy allows every mail host")];
  return [
    ...distrust,
    check(about, verdict, `the policy does not allow ${missing.join(", ")}${verdict === "error" ? ": senders do not deliver to it" : ""}`, {
      advice: advice(`Add mx: ${missing[0]} to the policy of ${domain}, and change the id of the record.`),
    }),
  ];
}

function ageCheck({ policy }: StsFacts): Check {
  const age = policy?.max_age_s ?? 0;
  const about = rule("age", "3.2");
  if (age >= SHORT_AGE_S || policy?.mode === "none") return check(about, "pass", `senders keep the policy for ${days(age)}`);
  return check(about, "notice", `senders keep the policy for ${days(age)} only: an attacker who blocks it that long gets around it`);
}

function days(seconds: number): string {
  return seconds < 172_800 ? `${seconds} seconds` : `${Math.floor(seconds / 86_400)} days`;
}
