import { checkHost, type SpfVerdict } from "../../mail/spf/check-host.js";
import { spfResolver } from "../../mail/spf/dns-answers.js";
import { knownDomain } from "../../mail/spf/expand.js";
import { isSpfRecord } from "../../mail/spf/record.js";
import { type SpfSurvey, surveySpf } from "../../mail/spf/survey.js";
import type { Questions } from "../questions.js";
import { hostsOfTerms, type SpfHosts } from "./hosts.js";

/** What is known of a domain's SPF, whatever address sends. */
export interface SpfFacts extends SpfSurvey {
  readonly domain: string;
  /** What the terms a and mx of all records lead to. */
  readonly hosts: readonly SpfHosts[];
  /** All SPF records of the domain, of which there should be one. */
  readonly records: readonly string[];
  /** Bytes of all TXT records at the domain: they share one reply. */
  readonly txt_bytes: number;
  /** Records that their owner takes for SPF, and verifiers do not. */
  readonly near_misses: readonly string[];
  /** Look-ups with an empty answer that a client which no term matches causes, by its address family. */
  readonly empty: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  /** Why the look-ups of such a client could not all be made; null if they could. */
  readonly unanswered: string | null;
}

/** Addresses of documentation (RFC 5737, RFC 3849): no record names them, so every term is evaluated. */
const UNNAMED = { ipv4: "192.0.2.255", ipv6: "2001:db8:ffff::ffff" } as const;

/** Their addresses as macros write them: %{i}, %{ir}, and for IPv6 digit by digit. */
const OF_CLIENT: readonly string[] = [
  UNNAMED.ipv4,
  UNNAMED.ipv4.split(".").reverse().join("."),
  "2.0.0.1.0.d.b.8.f.f.f.f.",
  "f.f.f.f.8.b.d.0.1.0.0.2",
  // %{l}, %{s}
  "postmaster",
];

export async function examineSpf(domain: string, questions: Questions): Promise<SpfFacts> {
  const resolver = spfResolver(questions.ask);
  const survey = await surveySpf(domain, resolver);
  const texts = await questions.texts(domain);
  const evaluated = async (ip: string): Promise<SpfVerdict> => checkHost({ ip, sender: `postmaster@${domain}`, helo: domain }, resolver);
  const isUsable = survey.nodes[0]?.state === "read";
  const [ipv4, ipv6] = isUsable ? await Promise.all([evaluated(UNNAMED.ipv4), evaluated(UNNAMED.ipv6)]) : [null, null];
  return {
    ...survey,
    domain,
    records: texts.filter(isSpfRecord),
    hosts: await hostsOfTerms(survey, resolver),
    txt_bytes: texts.reduce((sum, text) => sum + text.length, 0),
    near_misses: texts.filter((text) => !isSpfRecord(text) && /^\s*"?(?:v\s*=\s*"?spf1?|spf1[\s;,])/i.test(text.slice(0, 50))),
    empty: { ipv4: ofEveryClient(ipv4?.empty ?? [], survey), ipv6: ofEveryClient(ipv6?.empty ?? [], survey) },
    unanswered: [ipv4, ipv6].find((verdict) => verdict?.result === "temperror")?.problem ?? null,
  };
}

/** Without the questions about the client itself (ptr, and macros such as %{i}): a client that sends for the domain has an answer to them. */
function ofEveryClient(empty: readonly string[], { nodes }: SpfSurvey): string[] {
  const dependent = nodes.some(({ domain, directives }) => directives.some(({ mechanism }) => dependsOnMessage(mechanism, domain)));
  if (!dependent) return [...empty];
  return empty.filter((question) => !question.startsWith("PTR ") && !OF_CLIENT.some((part) => question.toLowerCase().includes(part)));
}

function dependsOnMessage(mechanism: SpfSurvey["nodes"][number]["directives"][number]["mechanism"], domain: string): boolean {
  if (mechanism.name === "ptr") return true;
  return "domain" in mechanism && mechanism.domain !== null && knownDomain(mechanism.domain, domain) === null;
}
