import type { Advice, Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { SPF_LIMITS } from "../../mail/spf/lookups.js";
import type { SpfNode } from "../../mail/spf/survey.js";
import { advice, check, type Rule } from "../check.js";
import { mergeChanges, withoutTerms } from "./corrected.js";
import type { SpfFacts } from "./examine.js";
import { lintSpf, UNNAMED_FAIL } from "./lint.js";
import { repairedRecord } from "./repaired.js";

export interface SpfJudgeOptions {
  /** The domain sends mail; null if that is not known. */
  readonly sends: boolean | null;
  readonly evidence: readonly CheckEvidence[];
}

const MAX_LOOKUPS = SPF_LIMITS.terms;
const CLOSE_TO_MOST = 9;
const MAX_EMPTY = SPF_LIMITS.empty;

const rule = (name: string, section: string): Rule => ({ id: `spf.${name}`, area: "spoofing", spec: `RFC 7208 ${section}` });

export function judgeSpf(facts: SpfFacts, options: SpfJudgeOptions): Check[] {
  const [own] = facts.nodes;
  const record = recordCheck(facts, options);
  if (own === undefined || own.state === "none" || own.state === "several" || own.state === "unanswered") return [record];
  return [
    record,
    syntaxCheck(facts),
    ...(own.state === "read" ? [lookupCheck(facts), emptyCheck(facts), includeCheck(facts, own, options.sends), ...lintSpf(facts, own, options.sends)] : []),
  ];
}

function recordCheck({ domain, nodes, records, near_misses: near }: SpfFacts, { sends, evidence }: SpfJudgeOptions): Check {
  const [own] = nodes;
  const about = rule("record", "4.5");
  const misses = near.length === 0 ? "" : `; ${JSON.stringify(near[0]?.slice(0, 100))} does not count, as an SPF record begins with "v=spf1 " exactly`;
  if (own === undefined || own.state === "unanswered") return check(about, "unknown", own?.problem ?? "not asked", { evidence });
  if (own.state === "none") {
    const verdict: Verdict = sends === true ? "error" : "warning";
    return check(about, verdict, `${domain} has no SPF record${misses}`, { evidence, advice: missingRecord(domain, sends, near) });
  }
  if (own.state === "several")
    return check(about, "error", `${domain} has more than one SPF record, so receivers use none of them (permerror)`, {
      evidence,
      advice: advice("Receivers accept exactly one record: merge them, and remove the others.", mergeChanges(domain, records, sends), {
        risk: "The merged record may need ten DNS look-ups at most: examine the domain again.",
      }),
    });
  return check(about, near.length === 0 ? "pass" : "notice", `${domain} has one SPF record${misses}`, { evidence });
}

function missingRecord(domain: string, sends: boolean | null, misses: readonly string[]): Advice {
  const near = misses[0] ?? null;
  const isParked = sends === false;
  const repaired = near === null ? null : repairedRecord(near);
  if (near !== null && repaired === null) return advice(`Correct the record: ${JSON.stringify(near.slice(0, 100))}.`);
  if (near !== null && repaired !== null) return advice(READ_ANEW, [{ name: domain, type: "TXT", old: near, new: repaired }], { risk: COMPARE });
  const why = isParked
    ? "A domain that sends no mail says so, so that receivers refuse what others send in its name."
    : "Receivers cannot tell your servers from others.";
  return advice(why, [{ name: domain, type: "TXT", old: null, new: isParked ? "v=spf1 -all" : "v=spf1 mx -all" }], {
    risk: isParked ? null : UNNAMED_FAIL,
  });
}

const READ_ANEW = "Receivers do not read the record as it is.";
const COMPARE = "Compare the record with what was meant: servers that it does not name fail SPF.";

function syntaxCheck({ domain, nodes }: SpfFacts): Check {
  const about = rule("syntax", "4.6");
  const broken = nodes.filter(({ state }) => state === "syntax_error");
  if (broken.length === 0) return check(about, "pass", "no syntax error");
  const shown = broken.map(({ domain, problem }) => `${domain}: ${problem}`).join("; ");
  const [own] = broken.filter(({ depth }) => depth === 0);
  const repaired = own?.record == null ? null : repairedRecord(own.record);
  const change = own === undefined || repaired === null ? [] : [{ name: domain, type: "TXT", old: own.record, new: repaired }];
  return check(about, "error", `a syntax error makes the whole record invalid (permerror): ${shown}`, {
    advice: advice("Correct the term, or remove it.", change, { risk: change.length === 0 ? null : COMPARE }),
  });
}

const FEWER = "Remove what no longer sends, or give each service a subdomain of its own. Do not copy a provider's addresses: they change.";

function lookupCheck({ lookups, nodes, isCut, hosts }: SpfFacts): Check {
  const about = rule("lookups", "4.6.4");
  const shown = costs(nodes);
  if (isCut)
    return check(about, "error", `the record leads to more than 50 others; receivers stop after ${MAX_LOOKUPS} look-ups (permerror)`, {
      advice: advice(FEWER),
    });
  const message = `${lookups} of ${MAX_LOOKUPS} DNS look-ups${shown === "" ? "" : `: ${shown}`}`;
  const crowded = hosts.filter(({ names }) => names.length > SPF_LIMITS.mailHosts);
  if (crowded.length > 0) {
    const found = crowded.map(({ term, domain, names }) => `${term} of ${domain} leads to ${names.length}`).join(", ");
    return check(about, "error", `mx may lead to ${SPF_LIMITS.mailHosts} mail hosts at most, and ${found}: receivers stop with an error (permerror)`, {
      advice: advice("Name the servers that send by ip4 and ip6, or by a, instead of mx."),
    });
  }
  if (lookups > MAX_LOOKUPS)
    return check(about, "error", `${message}: receivers stop with an error (permerror)`, {
      advice: advice(FEWER),
    });
  return check(about, lookups >= CLOSE_TO_MOST ? "notice" : "pass", message);
}

/** What each term of the domain's own record costs, with everything below it. */
function costs(nodes: readonly SpfNode[]): string {
  const [own] = nodes;
  if (own === undefined) return "";
  const below = new Map<string, number>();
  let term = "";
  for (const { depth, term: each, lookups } of nodes.slice(1)) {
    if (depth === 1) term = each ?? "";
    below.set(term, (below.get(term) ?? (depth === 1 ? 1 : 0)) + lookups);
  }
  const simple = own.directives.filter(({ mechanism }) => ["a", "mx", "ptr", "exists"].includes(mechanism.name)).map(({ term: each }) => `${each} 1`);
  return [...[...below].map(([each, cost]) => `${each} ${cost}`), ...simple].join(", ");
}

function emptyCheck({ empty, unanswered }: SpfFacts): Check {
  const about = rule("void", "4.6.4");
  const most = Math.max(empty.ipv4.length, empty.ipv6.length);
  if (most <= MAX_EMPTY && unanswered !== null) return check(about, "unknown", `how many look-ups have an empty answer is not known: ${unanswered}`);
  if (most === 0) return check(about, "pass", "no look-up has an empty answer");
  const names = [...new Set([...empty.ipv4, ...empty.ipv6])].join(", ");
  const message = `look-ups with an empty answer: ${empty.ipv4.length} for an IPv4 client, ${empty.ipv6.length} for an IPv6 client (${names})`;
  return check(about, most > MAX_EMPTY ? "error" : "warning", most > MAX_EMPTY ? `${message}: more than ${MAX_EMPTY} are an error (permerror)` : message, {
    advice: emptyAdvice(empty),
  });
}

/** A name without records of either family leads nowhere; a host of one family is only counted by some receivers. */
function emptyAdvice({ ipv4, ipv6 }: SpfFacts["empty"]): Advice | null {
  const nameIn = (question: string): string => question.slice(question.indexOf(" ") + 1);
  const others = new Set(ipv6.map(nameIn));
  const dead = [...new Set(ipv4.map(nameIn).filter((name) => others.has(name)))];
  if (dead.length > 0) return advice(`Remove the terms that lead to names without records: ${dead.join(", ")}.`);
  // Two of them are allowed: nothing has to change.
  if (Math.max(ipv4.length, ipv6.length) <= MAX_EMPTY) return null;
  return advice("The hosts have addresses of one family only: name them by ip4 and ip6 instead of a and mx.");
}

function includeCheck({ nodes }: SpfFacts, own: SpfNode, sends: boolean | null): Check {
  const about = rule("include", "5.2");
  const dead = nodes.filter(({ depth, state }) => depth > 0 && (state === "none" || state === "several" || state === "loop"));
  const silent = nodes.filter(({ depth, state }) => depth > 0 && state === "unanswered");
  const shown = (all: readonly SpfNode[]): string => all.map(({ domain, term, problem }) => `${term} (${domain}: ${problem})`).join("; ");
  if (dead.length > 0) {
    const gone = dead.filter(({ depth, term, state }) => depth === 1 && term !== "redirect" && state === "none").map(({ term }) => term ?? "");
    return check(about, "error", `terms that lead to no usable record are an error (permerror): ${shown(dead)}`, {
      advice: advice("Correct the names of the terms, or remove them.", gone.length === dead.length ? withoutTerms(own, gone, sends) : [], {
        risk: "If the service behind the term still sends, its mail fails SPF: correct the name instead.",
      }),
    });
  }
  if (silent.length > 0) return check(about, "unknown", `no answer for ${shown(silent)}: receivers try again later (temperror) while this lasts`);
  return check(about, "pass", nodes.length === 1 ? "the record includes no others" : `all ${nodes.length - 1} included records can be used`);
}
