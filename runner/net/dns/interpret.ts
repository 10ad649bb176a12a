import type { DnsOutcome } from "../../../schemas/dns.js";
import { MAX_ALIASES } from "./limits.js";
import type { Question, Reply } from "./message.js";
import { dnsName, isWithin } from "./name.js";
import { RCODES } from "./rcode.js";
import type { DataOf, RecordType, WireRecord } from "./records.js";

/** What one reply says to a question. `elsewhere`: an alias leads out of it, and its target has to be asked for. */
export interface Meaning {
  readonly outcome: DnsOutcome | "elsewhere";
  readonly records: readonly DataOf<RecordType>[];
  readonly aliases: readonly string[];
  readonly ttl: number | null;
  /** Of an answer that there is nothing: the zone's SOA record, and the NSEC and NSEC3 records that deny it. */
  readonly authority: readonly WireRecord[];
  readonly problem: string | null;
}

/** Reads a whole reply. Records for names outside the question's alias chain are ignored. */
export function interpret(question: Question, reply: Reply): Meaning {
  const refusal = REFUSALS[reply.rcode];
  if (refusal !== undefined) return { ...NOTHING, ...refusal };
  if (reply.rcode !== RCODES.noError && reply.rcode !== RCODES.noSuchName) return unusable(`the response code ${reply.rcode}`);
  const chain = followAliases(question, reply.answers);
  if (chain === null) return unusable("aliases (CNAME) that form a loop or lead nowhere");
  const { last, aliases } = chain;
  if (reply.rcode === RCODES.noSuchName) return absent("no_such_name", last, chain, reply);
  const found = reply.answers.filter((record) => record.type === question.type && dnsName(record.name) === last && isInternet(record));
  if (found.length > 0) {
    return { outcome: "found", records: found.map(dataOf), aliases, ttl: Math.min(chain.ttl, ...found.map(ttlOf)), authority: [], problem: null };
  }
  const hasSoa = reply.authorities.some(({ type }) => type === "SOA");
  if (!hasSoa && aliases.length > 0) return { ...NOTHING, outcome: "elsewhere", aliases, ttl: chain.ttl };
  // RFC 2308, section 2.2: NS records without a SOA make it a referral, which only a resolver could follow.
  const isReferral = !hasSoa && !reply.recursionAvailable && reply.authorities.some(({ type }) => type === "NS");
  if (isReferral) return unusable("a referral: the server does not resolve names for others");
  return absent(saysNoName(last, reply) ? "no_such_name" : "no_data", last, chain, reply);
}

/** RFC 9824: a signed zone may deny a name with NOERROR. The NSEC record at the name says so by the type NXNAME (128). */
function saysNoName(name: string, { authorities }: Reply): boolean {
  return authorities.some((record) => record.type === "NSEC" && dnsName(record.name) === name && record.data.rrtypes.some((type) => NXNAME.has(type)));
}

const NXNAME: ReadonlySet<string> = new Set(["NXNAME", "TYPE128", "UNKNOWN_128"]);

interface Chain {
  last: string;
  aliases: string[];
  ttl: number;
}

/** Null when the aliases of a reply lead in a circle, through too many names, or to a name that is none. */
function followAliases({ name, type }: Question, answers: readonly WireRecord[]): Chain | null {
  const chain: Chain = { last: name, aliases: [], ttl: Number.POSITIVE_INFINITY };
  if (type === "CNAME") return chain;
  for (;;) {
    const alias = answers.find((record) => record.type === "CNAME" && dnsName(record.name) === chain.last && isInternet(record));
    if (alias === undefined) return chain;
    const target = dnsName(String(dataOf(alias)));
    if (target === null || target === name || chain.aliases.includes(target) || chain.aliases.length === MAX_ALIASES) return null;
    chain.aliases.push(target);
    chain.last = target;
    chain.ttl = Math.min(chain.ttl, ttlOf(alias));
  }
}

/** RFC 2308, section 5: that there is nothing is good for as long as the zone's SOA says; without one, for no time at all. */
function absent(outcome: "no_data" | "no_such_name", name: string, chain: Chain, reply: Reply): Meaning {
  const soa = reply.authorities.find((record) => record.type === "SOA" && isWithin(name, dnsName(record.name) ?? name));
  const ttl = soa?.type === "SOA" ? Math.min(chain.ttl, ttlOf(soa), soa.data.minimum ?? 0) : null;
  return { outcome, records: [], aliases: chain.aliases, ttl, authority: reply.authorities.filter(isOfDenial).slice(0, MAX_AUTHORITY), problem: null };
}

/** A denial takes up to four NSEC3 records (RFC 5155, section 7.2). */
const MAX_AUTHORITY = 16;

function isOfDenial({ type }: WireRecord): boolean {
  return type === "SOA" || type === "NSEC" || type === "NSEC3";
}

const NOTHING: Meaning = { outcome: "no_data", records: [], aliases: [], ttl: null, authority: [], problem: null };

const REFUSALS: Readonly<Record<number, Pick<Meaning, "outcome" | "problem">>> = {
  [RCODES.serverFailure]: { outcome: "server_failure", problem: "the name server failed (SERVFAIL)" },
  [RCODES.refused]: { outcome: "refused", problem: "the name server refused the query (REFUSED)" },
};

function unusable(what: string): Meaning {
  return { ...NOTHING, outcome: "unusable_reply", problem: `the name server's reply cannot be used: ${what}` };
}

function dataOf(record: WireRecord): DataOf<RecordType> {
  return (record as { data: DataOf<RecordType> }).data;
}

function isInternet(record: WireRecord): boolean {
  return (record as { class?: string }).class === "IN";
}

/** RFC 2181, section 8: a time to live with its highest bit set is none. */
function ttlOf(record: WireRecord): number {
  const ttl = (record as { ttl?: number }).ttl ?? 0;
  return ttl > 0x7fff_ffff ? 0 : ttl;
}
