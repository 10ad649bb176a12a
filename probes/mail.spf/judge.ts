import type { SpfNode, SpfSurvey } from "../../runner/mail/spf/survey.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Output } from "./schema.js";

/** RFC 7208, 4.6.4. */
const MOST_LOOKUPS = 10;
const CLOSE_TO_MOST = 9;
/** Networks this large cover whole providers: every customer there may send. */
const WIDEST_IPV4 = 8;
const WIDEST_IPV6 = 16;

export function judge({ result, problem }: Pick<Output, "result" | "problem">, { nodes, lookups, isCut }: SpfSurvey): Finding[] {
  const findings: Finding[] = [];
  const [own] = nodes;
  if (result === "temperror" || result === "permerror") findings.push(finding("error", result, `SPF cannot be evaluated: ${problem}`));
  if (own?.record === null) findings.push(finding("warning", "no_record", `${own.domain}: ${own.problem}`, "v=spf1 …", null));
  for (const node of nodes) findings.push(...nodeFindings(node));
  if (lookups > MOST_LOOKUPS)
    findings.push(
      finding(
        "error",
        "too_many_lookups",
        `the record causes ${lookups} DNS look-ups: verifiers stop after ${MOST_LOOKUPS} (RFC 7208, 4.6.4)`,
        `${MOST_LOOKUPS}`,
        `${lookups}`,
      ),
    );
  else if (lookups >= CLOSE_TO_MOST)
    findings.push(finding("warning", "many_lookups", `the record causes ${lookups} of at most ${MOST_LOOKUPS} DNS look-ups`, null, `${lookups}`));
  if (isCut) findings.push(finding("error", "too_many_records", "the record leads to more than 50 others, and the rest was not read"));
  if (own?.problem === null) findings.push(...endFindings(own));
  return findings;
}

function nodeFindings({ domain, depth, term, record, problem, directives }: SpfNode): Finding[] {
  const findings: Finding[] = [];
  if (problem !== null && record !== null) findings.push(finding("error", "broken_record", `${domain}: ${problem}`));
  else if (problem !== null && depth > 0) findings.push(finding("error", "dead_include", `${term} leads to ${domain}: ${problem}`));
  for (const { term: each, result, mechanism } of directives) {
    if (mechanism.name === "ptr")
      findings.push(finding("warning", "ptr", `${domain} uses ptr, which is slow and should not be used (RFC 7208, 5.5)`, null, each));
    const widest = mechanism.name === "ip4" ? WIDEST_IPV4 : mechanism.name === "ip6" ? WIDEST_IPV6 : null;
    if (widest !== null && result === "pass" && "bits" in mechanism && mechanism.bits < widest) {
      findings.push(
        finding("error", "too_wide", `${each} of ${domain} allows a large part of the Internet to send`, `/${widest} or longer`, `/${mechanism.bits}`),
      );
    }
  }
  return findings;
}

/** How the domain's own record ends, which decides for every address that it does not name. */
function endFindings({ domain, record, directives }: SpfNode): Finding[] {
  const all = directives.find(({ mechanism }) => mechanism.name === "all");
  if (all?.result === "pass") return [finding("error", "pass_all", `${domain} allows every address to send in its name`, "~all or -all", all.term)];
  if (all?.result === "neutral")
    return [finding("warning", "neutral_all", `${domain} says nothing of the addresses that it does not name`, "~all or -all", all.term)];
  const isRedirected = /\sredirect=/i.test(record ?? "");
  if (all === undefined && !isRedirected)
    return [finding("warning", "no_all", `${domain} does not end in all: addresses that it does not name are neutral`, "~all or -all", null)];
  return [];
}
