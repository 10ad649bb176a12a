import { checkHost } from "../../runner/mail/spf/check-host.js";
import { spfResolver } from "../../runner/mail/spf/dns-answers.js";
import type { ResolverGrant } from "../../runner/net/dns/capability.js";
import { dnsName } from "../../runner/net/dns/name.js";
import type { Output } from "./schema.js";

/** SPF for the envelope's sender, or for the EHLO name when the sender is empty (RFC 7208, 2.4). */
export async function checkSpf({ ip, mail_from: mailFrom, helo_domain: helo }: Output["received"], query: ResolverGrant["query"]): Promise<Output["spf"]> {
  const sender = mailFrom ?? "";
  if (ip === null || (sender === "" && helo === null)) {
    return {
      result: "not_evaluated",
      domain: null,
      identity: null,
      problem: "the connecting address or the sender is not known",
      explanation: null,
      lookups: null,
      void_lookups: null,
    };
  }
  const ask = spfResolver(query);
  const verdict = await checkHost({ ip, sender, helo: helo ?? "" }, async (name, type) => (dnsName(name) === null ? [] : ask(name, type)));
  const { result, problem, explanation, lookups, void_lookups } = verdict;
  return { result, domain: verdict.domain.toLowerCase(), identity: sender === "" ? "helo" : "mail_from", problem, explanation, lookups, void_lookups };
}
