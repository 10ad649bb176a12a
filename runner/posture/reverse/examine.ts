import type { DnsOutcome } from "../../../schemas/dns.js";
import { checkHost, type SpfResult } from "../../mail/spf/check-host.js";
import { spfResolver } from "../../mail/spf/dns-answers.js";
import { parseIp, readableText, reverseDomain } from "../../mail/spf/ip-address.js";
import { isCertain } from "../../net/dns/answer.js";
import { dnsName } from "../../net/dns/name.js";
import type { Questions } from "../questions.js";

/** What names an address that sends mail. */
export interface ReverseFacts {
  readonly ip_address: string;
  /** Where its PTR records stand. */
  readonly reverse_name: string;
  readonly outcome: DnsOutcome;
  /** PTR names, at most ten. */
  readonly names: readonly string[];
  /** Those of them that have the address themselves. */
  readonly confirmed: readonly string[];
  /** The addresses of some name are not known. */
  readonly is_unsure: boolean;
  /** The EHLO name, if it is given. */
  readonly helo_name: string | null;
  /** The EHLO name has this address; null if that is not known. */
  readonly helo_confirmed: boolean | null;
  /** No address of any kind stands at the EHLO name. */
  readonly is_helo_unresolvable: boolean;
  /** SPF of the domain for this address; null where no domain is given. */
  readonly spf: SpfResult | null;
}

export interface ReverseQuestion {
  readonly address: string;
  readonly heloName: string | null;
  /** Whose SPF has to name the address; null for none. */
  readonly domain: string | null;
}

const MAX_NAMES = 10;

export async function examineReverse({ address, heloName, domain }: ReverseQuestion, questions: Questions): Promise<ReverseFacts> {
  const ip = parseIp(address);
  if (ip === null) throw new Error(`${JSON.stringify(address)} is no IP address`);
  const shown = readableText(ip);
  const reverseName = reverseDomain(ip).toLowerCase();
  const answer = await questions.ask(reverseName, "PTR");
  const names = [...new Set(answer.records.map((name) => dnsName(String(name)) ?? String(name)))].slice(0, MAX_NAMES);
  const known = await Promise.all(names.map((name) => hasAddress(name, shown, questions)));
  const helo = heloName === null ? null : await hasAddress(heloName, shown, questions);
  const spf = domain === null ? null : await checkHost({ ip: address, sender: `postmaster@${domain}`, helo: heloName ?? domain }, spfResolver(questions.ask));
  return {
    ip_address: address,
    reverse_name: reverseName,
    outcome: answer.outcome,
    names,
    confirmed: names.filter((_name, index) => known[index] === true),
    is_unsure: !isCertain(answer) || known.includes(null),
    helo_name: heloName,
    helo_confirmed: helo,
    is_helo_unresolvable: heloName !== null && helo === false && (await isWithoutAddress(heloName, questions)),
    spf: spf?.result ?? null,
  };
}

async function isWithoutAddress(name: string, questions: Questions): Promise<boolean> {
  const answers = await Promise.all([questions.ask(name, "A"), questions.ask(name, "AAAA")]);
  return answers.every((answer) => isCertain(answer) && answer.records.length === 0);
}

/** Null if it cannot be found out. */
async function hasAddress(name: string, address: string, questions: Questions): Promise<boolean | null> {
  const answer = await questions.ask(name, address.includes(":") ? "AAAA" : "A");
  if (!isCertain(answer)) return null;
  return answer.records.some((each) => {
    const ip = parseIp(String(each));
    return ip !== null && readableText(ip) === address;
  });
}
