import type { HelloReply } from "../net/tls-hello/ask.js";
import { CIPHER_SUITES } from "../net/tls-hello/cipher-suites.js";
import { EXTENSION, PROTOCOL_VERSIONS, type ProtocolVersion } from "../net/tls-hello/parameters.js";
import { groupsFor, offer, SCHEMES, suitesFor, usesCurve } from "./offers.js";
import { type Scanner, Unanswered } from "./scanner.js";

export type Hello = Extract<HelloReply, { kind: "hello" }>;

export interface VersionFacts {
  readonly version: ProtocolVersion;
  /** Null when it could not be found out. */
  offered: boolean | null;
  /** In the order in which the server picked them. */
  readonly suites: number[];
  preference: "server" | "client" | null;
  /** The hellos, by the suite that the server picked in each. */
  readonly hellos: Map<number, Hello>;
}

/** A pick that the client never offered: the peer breaks the protocol, and its answers say nothing. */
function assertOffered(offered: readonly number[], picked: number, what: string): void {
  if (!offered.includes(picked)) throw new Unanswered(`the server picked ${what} 0x${picked.toString(16)}, which was not offered`);
}

/** Whether the server speaks a version at all, and the suite that it picks then. */
export async function askVersion(scanner: Scanner, facts: VersionFacts, servername: string | null): Promise<void> {
  for (const suites of suitesFor(facts.version)) {
    const hello = await askInVersion(scanner, facts.version, suites, servername);
    if (hello === null) continue;
    facts.offered = true;
    facts.suites.push(hello.hello.suite);
    facts.hellos.set(hello.hello.suite, hello);
    return;
  }
  facts.offered = false;
}

/** Null when the server refuses, or answers in an older version than the one that was asked for. */
async function askInVersion(scanner: Scanner, version: ProtocolVersion, suites: readonly number[], servername: string | null): Promise<Hello | null> {
  const hello = await scanner.ask(offer(version, suites, servername));
  if (hello === null || hello.hello.version !== PROTOCOL_VERSIONS[version]) return null;
  assertOffered(suites, hello.hello.suite, "the suite");
  return hello;
}

/** Every suite of a version: the server picks one, the next hello leaves it out, until it refuses what is left. */
export async function askSuites(scanner: Scanner, facts: VersionFacts, servername: string | null): Promise<void> {
  for (const suites of suitesFor(facts.version)) {
    for (;;) {
      const left = suites.filter((suite) => !facts.hellos.has(suite));
      if (left.length === 0) break;
      const hello = await askInVersion(scanner, facts.version, left, servername);
      if (hello === null) break;
      facts.suites.push(hello.hello.suite);
      facts.hellos.set(hello.hello.suite, hello);
    }
  }
  facts.preference = await askPreference(scanner, facts, servername);
}

/** A server with an order of its own picks the same suite when the client turns its list round. */
async function askPreference(scanner: Scanner, { version, suites }: VersionFacts, servername: string | null): Promise<VersionFacts["preference"]> {
  if (suites.length < 2) return null;
  const turned = [...suites].reverse();
  const first = await askInVersion(scanner, version, turned, servername);
  if (first === null) return null;
  return first.hello.suite === suites[0] ? "server" : "client";
}

export interface GroupFacts {
  readonly groups: number[];
  preference: "server" | "client" | null;
}

/**
 * Every group of a version, in the same way. `certificateGroup` is the curve of an ECDSA certificate: TLS 1.2 clients that leave it out cannot
 * be given that certificate (RFC 8422, 5.1), so it stays in the list, last, until it is all that the server picks.
 */
export async function askGroups(
  scanner: Scanner,
  version: ProtocolVersion,
  suites: readonly number[],
  servername: string | null,
  certificateGroup: number | null,
  facts: GroupFacts,
): Promise<void> {
  const curveSuites = version === "TLSv1.3" ? suites : suites.filter(usesCurve);
  if (curveSuites.length === 0) return;
  const ask = async (groups: readonly number[]): Promise<number | null> => {
    const hello = await scanner.ask(offer(version, curveSuites, servername, { groups }));
    const group = hello === null || hello.hello.version !== PROTOCOL_VERSIONS[version] ? null : groupIn(hello);
    if (group !== null) assertOffered(groups, group, "the group");
    return group;
  };
  const all = groupsFor(version);
  for (;;) {
    const left = all.filter((group) => !facts.groups.includes(group));
    const kept = certificateGroup !== null && facts.groups.includes(certificateGroup) ? [certificateGroup] : [];
    if (left.length === 0) break;
    const group = await ask([...left, ...kept]);
    if (group === null || facts.groups.includes(group)) break;
    facts.groups.push(group);
  }
  if (facts.groups.length < 2) return;
  const first = await ask([...facts.groups].reverse());
  facts.preference = first === null ? null : first === facts.groups[0] ? "server" : "client";
}

/** HelloRetryRequest and ServerHello name it in key_share, TLS 1.2 in ServerKeyExchange. */
function groupIn({ hello, answer }: Hello): number | null {
  const share = hello.extensions.get(EXTENSION.keyShare);
  if (share !== undefined) return share.length >= 2 ? share.readUInt16BE(0) : null;
  return answer.keyExchange?.group ?? null;
}

/** The schemes that sign a TLS 1.2 key exchange. TLS 1.3 encrypts its CertificateVerify, which only a whole handshake would show. */
export async function askSchemes(scanner: Scanner, suites: readonly number[], servername: string | null, found: number[]): Promise<void> {
  if (suites.length === 0) return;
  for (;;) {
    const left = SCHEMES.filter((scheme) => !found.includes(scheme));
    const hello = await scanner.ask(offer("TLSv1.2", suites, servername, { signatureSchemes: left }));
    const scheme = hello?.answer.keyExchange?.signatureScheme ?? null;
    // A server that has none of these may sign with what it has, against RFC 5246, 7.4.1.4.1.
    if (scheme === null || !left.includes(scheme)) return;
    found.push(scheme);
  }
}

/** Application protocols, one after the other. */
export async function askProtocols(
  scanner: Scanner,
  version: ProtocolVersion,
  suites: readonly number[],
  servername: string | null,
  candidates: readonly string[],
  found: string[],
): Promise<void> {
  for (;;) {
    const left = candidates.filter((name) => !found.includes(name));
    if (left.length === 0) return;
    const hello = await scanner.ask(offer(version, suites, servername, { alpn: left }));
    const list = hello?.hello.extensions.get(EXTENSION.applicationLayerProtocols);
    const name = list === undefined || list.length < 3 ? null : list.subarray(3).toString("latin1");
    if (name === null || !left.includes(name)) return;
    found.push(name);
  }
}

export const suiteNames = (suites: readonly number[]): string[] => suites.map((suite) => CIPHER_SUITES[suite] ?? `0x${suite.toString(16).padStart(4, "0")}`);
