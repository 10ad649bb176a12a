import { checkHost, type SpfVerdict } from "../../mail/spf/check-host.js";
import { spfResolver } from "../../mail/spf/dns-answers.js";
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
    near_misses: texts.filter((text) => !isSpfRecord(text) && /^\s*"?v\s*=\s*spf1?/i.test(text.slice(0, 50))),
    empty: { ipv4: ipv4?.empty ?? [], ipv6: ipv6?.empty ?? [] },
    unanswered: [ipv4, ipv6].find((verdict) => verdict?.result === "temperror")?.problem ?? null,
  };
}
