import type { Check, SpfQuestion } from "./check.js";
import { type Expanding, expandDomain, expandText, literalDomain } from "./expand.js";
import { isInNetwork, parseIp } from "./ip-address.js";
import { type Asking, answeredBy, SPF_LIMITS, type SpfAnswer, SpfError, SpfLookups, type SpfResolver } from "./lookups.js";
import { type MacroPart, parseMacroString } from "./macros.js";
import { type Directive, isSpfRecord, type Mechanism, parseSpfRecord, type SpfRecord } from "./record.js";
import { validatedNames } from "./validated-names.js";

export const SPF_RESULTS = ["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"] as const;
export type SpfResult = (typeof SPF_RESULTS)[number];

export interface SpfVerdict {
  readonly result: SpfResult;
  /** The domain that was checked. */
  readonly domain: string;
  /** The directive that decided, and the domain of its record; null if none did. */
  readonly matched: { readonly term: string; readonly domain: string } | null;
  /** Why it is none, temperror or permerror. */
  readonly problem: string | null;
  /** What the domain says to a client that fails (exp=). */
  readonly explanation: string | null;
  /** Terms that caused DNS look-ups, of at most ten. */
  readonly lookups: number;
  /** Look-ups with an empty answer, of at most two. */
  readonly void_lookups: number;
  /** The questions of those look-ups. */
  readonly empty: readonly string[];
}

/** check_host() of RFC 7208, section 4. It does no I/O but by the resolver. */
export function checkHost(question: SpfQuestion, resolver: SpfResolver): Promise<SpfVerdict> {
  return answeredBy(resolver, verdictOn(question));
}

function* verdictOn(question: SpfQuestion): Asking<SpfVerdict> {
  const address = parseIp(question.ip);
  if (address === null) throw new Error(`${JSON.stringify(question.ip)} is no IP address`);
  const { localPart, domain } = senderOf(question);
  const lookups = new SpfLookups();
  const check: Check = { address, question, localPart, senderDomain: domain, lookups };
  const outcome = isCheckable(domain) ? yield* settled(check, domain) : { ...NOTHING, problem: "the domain is not a fully qualified name" };
  const { result, matched, problem, explanation: source } = outcome;
  const explanation = source === null ? null : yield* explain(check, source);
  return { domain, result, matched, problem, explanation, lookups: lookups.terms, void_lookups: lookups.empty.length, empty: lookups.empty };
}

interface Outcome extends Pick<SpfVerdict, "result" | "matched" | "problem"> {
  readonly explanation: { readonly domain: string; readonly spec: MacroPart[] } | null;
}

const NOTHING: Outcome = { result: "none", matched: null, problem: null, explanation: null };

function senderOf({ sender, helo }: SpfQuestion): { localPart: string; domain: string } {
  const at = sender.lastIndexOf("@");
  const domain = sender === "" ? helo : sender.slice(at + 1);
  // Section 4.3: without a local part it is postmaster.
  return { localPart: at > 0 ? sender.slice(0, at) : "postmaster", domain: domain.replace(/\.$/, "") };
}

function isCheckable(domain: string): boolean {
  return domain.includes(".") && isName(domain);
}

function* settled(check: Check, domain: string): Asking<Outcome> {
  try {
    return yield* evaluate(check, domain);
  } catch (error) {
    if (!(error instanceof SpfError)) throw error;
    return { ...NOTHING, result: error.result, problem: error.message };
  }
}

function* evaluate(check: Check, domain: string): Asking<Outcome> {
  const record = recordAmong(yield { name: domain, type: "TXT" }, domain);
  if (record === null) return { ...NOTHING, problem: `${domain} has no SPF record` };
  for (const directive of record.directives) {
    if (!(matchesAddress(check, directive.mechanism) ?? (yield* matches(check, domain, directive.mechanism)))) continue;
    return outcomeOf(directive, domain, record);
  }
  const hasAll = record.directives.some(({ mechanism }) => mechanism.name === "all");
  if (record.redirect === null || hasAll) return { ...NOTHING, result: "neutral" };
  check.lookups.countTerm("redirect", domain);
  const target = yield* expandDomain(record.redirect, expanding(check, domain));
  const redirected = target === null || !isCheckable(target) ? NOTHING : yield* evaluate(check, target);
  if (redirected.result === "none") throw new SpfError("permerror", `the redirect of ${domain} leads to no SPF record`);
  return redirected;
}

function outcomeOf({ term, result }: Directive, domain: string, { explanation }: SpfRecord): Outcome {
  const isExplained = result === "fail" && explanation !== null;
  return { result, matched: { term, domain }, problem: null, explanation: isExplained ? { domain, spec: explanation } : null };
}

/** Of the TXT records of a domain. Null if there is none (sections 4.4 and 4.5). */
function recordAmong(texts: SpfAnswer, domain: string): SpfRecord | null {
  const first = texts.findIndex(isSpfRecord);
  if (first === -1) return null;
  const further = texts.slice(first + 1).filter(isSpfRecord).length;
  if (further > 0) throw new SpfError("permerror", `${domain} has ${further + 1} SPF records`);
  const record = parseSpfRecord(texts[first] as string);
  if ("problem" in record)
    throw new SpfError("permerror", `the SPF record of ${domain} has a syntax error in ${JSON.stringify(record.term)}: ${record.problem}`);
  return record;
}

/** Of what needs no look-up; null for the other mechanisms. */
function matchesAddress({ address }: Check, mechanism: Mechanism): boolean | null {
  if (mechanism.name === "all") return true;
  return mechanism.name === "ip4" || mechanism.name === "ip6" ? isInNetwork(address, mechanism.network, mechanism.bits) : null;
}

function* matches(check: Check, domain: string, mechanism: Mechanism): Asking<boolean> {
  if (mechanism.name === "all" || mechanism.name === "ip4" || mechanism.name === "ip6") return false;
  check.lookups.countTerm(mechanism.name, domain);
  const target = mechanism.domain === null ? domain : (literalDomain(mechanism.domain) ?? (yield* expandDomain(mechanism.domain, expanding(check, domain))));
  if (mechanism.name === "include") return yield* includes(check, target);
  // A name that cannot be asked for has no records.
  if (target === null || !isName(target)) return false;
  if (mechanism.name === "exists") return (yield* check.lookups.ask(target, "A")).length > 0;
  if (mechanism.name === "ptr") return (yield* validatedNames(check)).some((name) => isBelow(name, target));
  const { bits4, bits6 } = mechanism;
  const hosts = mechanism.name === "a" ? [target] : yield* mailHosts(check.lookups, target);
  for (const host of hosts) {
    if (yield* isAddressOf(check, host, check.address.family === 4 ? bits4 : bits6)) return true;
  }
  return false;
}

/** Section 5.2: only a pass matches, and a target without a record is an error. */
function* includes(check: Check, target: string | null): Asking<boolean> {
  if (target !== null && isCheckable(target)) {
    const { result } = yield* evaluate(check, target);
    if (result !== "none") return result === "pass";
  }
  throw new SpfError("permerror", `include:${target ?? ""} leads to no SPF record`);
}

function* mailHosts(lookups: SpfLookups, domain: string): Asking<readonly string[]> {
  const hosts = yield* lookups.ask(domain, "MX");
  if (hosts.length > SPF_LIMITS.mailHosts) throw new SpfError("permerror", `${domain} has more than ${SPF_LIMITS.mailHosts} mail hosts`);
  return hosts.map((host) => host.replace(/\.$/, "")).filter(isName);
}

function* isAddressOf({ address, lookups }: Check, host: string, bits: number): Asking<boolean> {
  const addresses = yield* lookups.ask(host, address.family === 4 ? "A" : "AAAA");
  return addresses.some((text) => {
    const network = parseIp(text);
    return network !== null && isInNetwork(address, network, bits);
  });
}

function isName(name: string): boolean {
  if (name.length > SPF_LIMITS.nameBytes) return false;
  for (let start = 0, end: number; start <= name.length; start = end + 1) {
    const dot = name.indexOf(".", start);
    end = dot === -1 ? name.length : dot;
    if (end === start || end - start > SPF_LIMITS.labelBytes) return false;
  }
  return true;
}

function isBelow(name: string, domain: string): boolean {
  const [lower, above] = [name.toLowerCase(), domain.toLowerCase()];
  return lower === above || lower.endsWith(`.${above}`);
}

function expanding(check: Check, domain: string): Expanding {
  return { ...check, domain };
}

/** Section 6.2. Its look-ups do not count, and any error means that there is no explanation. */
function* explain(check: Check, { domain, spec }: NonNullable<Outcome["explanation"]>): Asking<string | null> {
  try {
    const target = yield* expandDomain(spec, expanding(check, domain));
    if (target === null || !isName(target)) return null;
    const texts = yield { name: target, type: "TXT" };
    const parts = texts.length === 1 ? parseMacroString(texts[0] as string, true) : null;
    return parts === null || "problem" in parts ? null : yield* expandText(parts, expanding(check, domain));
  } catch (error) {
    if (!(error instanceof SpfError)) throw error;
    return null;
  }
}
