import type { Advice, Area, Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { DMARC_POLICIES, type DmarcPolicy } from "../../../schemas/dmarc.js";
import type { DmarcRecord } from "../../mail/dmarc/read-record.js";
import { advice, check, type Rule } from "../check.js";
import { enforced, evened, firstRecord, isPolicy, isWritten, POLICY_TAGS, REMOVED, watching } from "./corrected.js";
import type { DmarcFacts } from "./examine.js";
import { tagChecks, unusableAddresses } from "./tags.js";

export interface DmarcJudgeOptions {
  /** The domain has a DKIM key; null if that is not known. */
  readonly hasDkim: boolean | null;
  /** The domain sends mail; null if that is not known. */
  readonly sends: boolean | null;
  readonly evidence: readonly CheckEvidence[];
}

const rule = (name: string, spec: string, area: Area = "spoofing"): Rule => ({ id: `dmarc.${name}`, area, spec });
const RECORD = rule("record", "RFC 9989 4.10");

export function judgeDmarc(facts: DmarcFacts, options: DmarcJudgeOptions): Check[] {
  const { domain, unanswered, record } = facts;
  if (unanswered !== null) return [check(RECORD, "unknown", unanswered.message, { evidence: options.evidence })];
  const misses = [...severalChecks(facts), ...nearMissChecks(facts)];
  if (record === null) {
    // What stands at the name is the fault: that no record applies follows from it.
    if (misses.some(({ id, verdict }) => id === RECORD.id && verdict === "error") && isWritten(facts)) return misses;
    const missing = check(RECORD, "error", `no DMARC record applies to ${domain}: others can send in its name`, {
      evidence: options.evidence,
      advice: advice("Publish a policy that only watches, read the reports, and then ask for quarantine or reject.", firstRecord(facts)),
    });
    return [missing, ...misses];
  }
  const found = check(RECORD, "pass", foundAt(facts), { evidence: options.evidence });
  if (record.policy === null) {
    const change = { name: `_dmarc.${facts.policy_domain ?? domain}`, type: "TXT", old: record.text, new: watching(record, facts.policy_domain ?? domain) };
    const message = "the record has no valid policy and no address for reports: it counts for nothing";
    return [found, ...misses, check(rule("p", "RFC 9989 4.10.1"), "error", message, { advice: advice("Ask for reports first.", [change]) })];
  }
  return [
    found,
    ...misses,
    policyTagCheck(record),
    policyCheck(facts, record),
    ...subdomainChecks(facts, record),
    oldTagCheck(record),
    ...tagChecks(record),
    ...reportChecks(facts, record),
    rejectCheck(facts, options),
    strictCheck(record),
    wildcardCheck(facts),
  ];
}

function foundAt({ domain, policy_domain: owner }: DmarcFacts): string {
  return owner === domain ? `the record at _dmarc.${domain} applies` : `the record at _dmarc.${owner} applies: ${domain} has none of its own`;
}

function severalChecks({ walk, domain: own, record }: DmarcFacts): Check[] {
  return walk
    .filter(({ records }) => records > 1)
    .map(({ domain, records }) => {
      // The records of another name decide nothing where the walk finds one elsewhere.
      const verdict: Verdict = domain === own || record === null ? "error" : "notice";
      return check(RECORD, verdict, `_dmarc.${domain} has ${records} DMARC records, so receivers use none of them`, {
        advice: advice("Keep the one that you want, and remove the others."),
      });
    });
}

/** What its owner takes for DMARC, and receivers do not. */
function nearMissChecks(facts: DmarcFacts): Check[] {
  const { domain, near_misses: near, misplaced, record, policy_domain: owner } = facts;
  const misplacement = { advice: advice(`Remove it, and publish one record at _dmarc.${domain}.`) };
  return [
    ...near.map((text, index) =>
      check(
        RECORD,
        "error",
        `the record at _dmarc.${domain} does not begin with "v=DMARC1;" exactly, so it does not count: ${JSON.stringify(text.slice(0, 200))}`,
        { advice: record === null ? correction(facts, index) : advice(`Remove it: the record at _dmarc.${owner} applies.`) },
      ),
    ),
    ...misplaced.map(() => check(RECORD, "warning", `a DMARC record at ${domain} itself has no effect: it belongs at _dmarc.${domain}`, misplacement)),
  ];
}

function correction(facts: DmarcFacts, index: number): Advice {
  if (index > 0) return advice("Remove it: one record is enough.");
  return advice("The policy has never been applied: watch first, read the reports, and then ask for quarantine or reject.", firstRecord(facts));
}

function policyTagCheck({ tags }: DmarcRecord): Check {
  const about = rule("p", "RFC 9989 4.10.1");
  const wrong = POLICY_TAGS.filter((name) => (name === "p" || tags.has(name)) && !isPolicy(tags.get(name)));
  if (wrong.length === 0) return check(about, "pass", "the policy tags are valid");
  const shown = wrong.map((name) => (tags.has(name) ? `${name}=${tags.get(name)?.slice(0, 40)}` : `no ${name}`)).join(", ");
  return check(about, "warning", `${shown}: receivers treat the whole record as p=none`);
}

const level = (policy: DmarcPolicy | null): number => DMARC_POLICIES.indexOf(policy ?? "none");

function policyCheck(facts: DmarcFacts, record: DmarcRecord): Check {
  const about = rule("policy", "RFC 9989 4.7");
  const { policy, effective_policy: effective } = facts;
  if (effective !== "none") {
    if (record.is_test) return check(about, "notice", `p=${policy} with t=y: receivers apply ${effective}`);
    return check(about, "pass", `the policy is ${effective}`);
  }
  const owner = facts.policy_domain ?? facts.domain;
  if (record.report_addresses.length === 0)
    return check(about, "error", "the policy only watches (p=none), and no reports are requested: the record does nothing", {
      advice: advice("Ask for reports first: they show which of your own mail quarantine or reject would hit.", [
        { name: `_dmarc.${owner}`, type: "TXT", old: record.text, new: watching(record, owner) },
      ]),
    });
  return check(about, "warning", `DMARC only watches (p=none${record.is_test ? " after t=y" : ""})`, {
    advice: advice("With p=none, receivers deliver messages that others send in your name.", enforced(facts, record), {
      waitFor: "30 days of reports without your own mail among the failures",
      risk: "Mail of services that neither SPF nor DKIM covers is put into spam folders.",
    }),
  });
}

function subdomainChecks({ domain, policy, policy_domain: owner }: DmarcFacts, record: DmarcRecord): Check[] {
  const weak = [
    ...(level(record.subdomain_policy) < level(policy) ? ["sp"] : []),
    ...(record.tags.has("np") && level(record.non_existent_policy) < level(policy) ? ["np"] : []),
  ];
  const change = owner === domain ? [{ name: `_dmarc.${domain}`, type: "TXT", old: record.text, new: evened(record, weak) }] : [];
  const weaker = (name: "sp" | "np", below: DmarcPolicy): Check => {
    const about = rule("sub", "RFC 9989 4.7");
    const subjects = name === "sp" ? "subdomains" : "names that do not exist";
    if (level(below) < level(policy))
      return check(about, "warning", `${subjects} have a weaker policy (${below}) than the domain (${policy})`, {
        advice: advice("Others send in the name of subdomains instead. Without sp, the policy of the domain applies to them.", change, {
          waitFor: name === "sp" ? "reports without mail of your own subdomains among the failures" : null,
          risk: name === "sp" ? "Mail of subdomains that neither SPF nor DKIM covers is refused or put into spam folders." : null,
        }),
      });
    if (name === "np" && !record.tags.has("np"))
      return check(about, "notice", "np is missing: np=reject protects names that do not exist, and no mail of yours comes from them");
    return check(about, "pass", `${subjects} have the policy ${below}`);
  };
  return [weaker("sp", record.subdomain_policy), weaker("np", record.non_existent_policy)];
}

function oldTagCheck({ tags }: DmarcRecord): Check {
  const about = rule("old", "RFC 9989 appendix A");
  const used = REMOVED.filter((name) => tags.has(name));
  const share = Number(tags.get("pct") ?? "100");
  const sized = (tags.get("rua") ?? "").includes("!") || (tags.get("ruf") ?? "").includes("!");
  if (share < 100)
    return check(about, "warning", `pct=${share}: older receivers apply the policy to a part of the messages, newer ones to all`, {
      advice: advice(share === 0 ? "Replace pct=0 by t=y." : "Remove pct."),
    });
  if (used.length > 0) return check(about, "notice", `RFC 9989 has removed ${used.map((name) => `${name}=`).join(", ")}`);
  if (sized) return check(about, "notice", "RFC 9989 has removed the size limit (!) of report addresses");
  return check(about, "pass", "no tag is outdated");
}

function reportChecks({ domain, report_hosts: hosts, policy_domain: owner }: DmarcFacts, record: DmarcRecord): Check[] {
  const at = owner ?? domain;
  const request = [{ name: `_dmarc.${at}`, type: "TXT", old: record.text, new: watching(record, at) }];
  const about = rule("rua", "RFC 9990 3");
  const rua = record.tags.get("rua") ?? "";
  if (record.report_addresses.length === 0 && rua !== "")
    return [
      check(about, "warning", `no reports can be sent to rua=${rua.slice(0, 100)}: each address is a URI that begins with mailto:`, {
        advice: advice("Write the address as a URI.", request),
      }),
    ];
  if (record.report_addresses.length === 0)
    return [
      check(about, "warning", "no aggregate reports are requested (rua): who sends in your name stays unknown", {
        advice: advice("Ask for reports.", request),
      }),
    ];
  const unusable = unusableAddresses(record);
  const odd =
    unusable.length === 0
      ? []
      : [check(about, "warning", `no reports can be sent to ${unusable.join(", ").slice(0, 200)}`, { advice: advice("Correct or remove it.") })];
  const checks = hosts.flatMap(({ host, is_authorised: isAuthorised, takes_mail: takesMail }): Check[] => {
    if (isAuthorised === false)
      return [
        check(about, "warning", `${host} does not publish that it takes reports on ${owner}, so none are sent there`, {
          advice: advice("The host publishes this record.", [{ name: `${owner}._report._dmarc.${host}`, type: "TXT", old: null, new: "v=DMARC1" }]),
        }),
      ];
    if (takesMail === false)
      return [check(about, "warning", `${host} has no mail host, so reports cannot be delivered`, { advice: advice("Name an address that receives mail.") })];
    if (isAuthorised === null || takesMail === null) return [check(about, "unknown", `no answer to whether ${host} takes reports`)];
    return [];
  });
  if (odd.length > 0) return [...odd, ...checks];
  return checks.length > 0 ? checks : [check(about, "pass", `reports go to ${record.report_addresses.slice(0, 5).join(", ")}`)];
}

/** RFC 9989, 7.4: a policy of reject rests on DKIM, because SPF fails for forwarded messages. */
function rejectCheck({ effective_policy: effective }: DmarcFacts, { hasDkim, sends }: DmarcJudgeOptions): Check {
  const about = rule("reject", "RFC 9989 7.4", "arrival");
  if (sends === false) return check(about, "not_applicable", "the domain sends no mail");
  if (effective !== "reject") return check(about, "not_applicable", "the policy is not reject");
  const verdict: Verdict = hasDkim === false ? "warning" : "notice";
  const message =
    hasDkim === false
      ? "the policy is reject, and no DKIM key is known: a message that is forwarded is lost"
      : "mailing lists break signatures: for domains of people, reject needs a month of none and a month of quarantine before";
  return check(about, hasDkim === true ? "pass" : verdict, hasDkim === true ? "the policy is reject, and there is a DKIM key" : message, {
    advice: hasDkim === false ? advice("Sign with DKIM, or ask for quarantine until you do.") : null,
  });
}

function strictCheck({ dkim_alignment: dkim, spf_alignment: spf }: DmarcRecord): Check {
  const strict = [...(dkim === "strict" ? ["adkim=s"] : []), ...(spf === "strict" ? ["aspf=s"] : [])];
  const about = rule("strict", "RFC 9989 4.4", "arrival");
  if (strict.length === 0) return check(about, "pass", "alignment is relaxed");
  return check(about, "notice", `${strict.join(", ")}: what is signed or sent by a subdomain for the domain, or the other way round, does not pass`);
}

function wildcardCheck({ wildcards, domain }: DmarcFacts): Check {
  const about = rule("wildcard", "RFC 9989 4.10");
  if (wildcards.length === 0) return check(about, "pass", "no name has SPF or DMARC by a wildcard");
  return check(
    about,
    "warning",
    `every name below ${domain} has ${wildcards.join(" and ")} by a wildcard: records that were meant for one name count for all`,
    {
      advice: advice("Publish the records at the names that they are meant for, and remove the wildcard."),
    },
  );
}
