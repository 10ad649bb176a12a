import { CIPHER_SUITES } from "../net/tls-hello/cipher-suites.js";
import type { Offer } from "../net/tls-hello/client-hello.js";
import { GROUPS, isCurve, isTls13Group, type ProtocolVersion, SIGNATURE_SCHEMES } from "../net/tls-hello/parameters.js";

const ALL_SUITES = Object.keys(CIPHER_SUITES).map(Number);

/** RFC 8446, B.4. */
const isTls13Suite = (suite: number): boolean => suite >= 0x1301 && suite <= 0x1307;

/** Authenticated encryption and the newer hashes came with TLS 1.2 (RFC 5246, 5288, 5289, 6655). */
const needsTls12 = (suite: number): boolean => /_(GCM|CCM(_8)?|POLY1305)(_|$)|_SHA(256|384)$/.test(CIPHER_SUITES[suite] ?? "");

/** What servers have in use. The rest is asked for in a second hello: some servers do not read a list of more than 128 suites. */
const isCommon = (suite: number): boolean => /^TLS_(ECDHE_|DHE_)?(RSA|ECDSA|DSS)_WITH_(AES|CHACHA20|3DES|CAMELLIA|RC4|ARIA)/.test(CIPHER_SUITES[suite] ?? "");

/** The suites to offer in a version, in the hellos that they are spread over. */
export function suitesFor(version: ProtocolVersion): number[][] {
  if (version === "TLSv1.3") return [ALL_SUITES.filter(isTls13Suite)];
  const possible = ALL_SUITES.filter((suite) => !isTls13Suite(suite) && (version === "TLSv1.2" || !needsTls12(suite)));
  return [possible.filter(isCommon), possible.filter((suite) => !isCommon(suite))];
}

/** One hello with the suites that servers have in use. */
export function allSuites(version: ProtocolVersion): number[] {
  return suitesFor(version)[0] as number[];
}

export const isForwardSecret = (suite: number): boolean => isTls13Suite(suite) || /^TLS_(ECDHE|DHE)_/.test(CIPHER_SUITES[suite] ?? "");
export const usesCurve = (suite: number): boolean => /^TLS_ECDHE?_/.test(CIPHER_SUITES[suite] ?? "");

/** How a suite authenticates its server, which decides the certificate that it sends. */
export function authenticationOf(suite: number): "rsa" | "ecdsa" | "other" {
  const name = CIPHER_SUITES[suite] ?? "";
  if (/_ECDSA_WITH_/.test(name)) return "ecdsa";
  return /_RSA_WITH_/.test(name) ? "rsa" : "other";
}

const ALL_GROUPS = Object.keys(GROUPS).map(Number);
/** GROUPS stands in an order of preference that an object with numbers for keys does not keep. */
const USUAL_FIRST = [29, 23, 24, 25, 30];

export function groupsFor(version: ProtocolVersion): number[] {
  const possible = ALL_GROUPS.filter((group) => (version === "TLSv1.3" ? isTls13Group(group) : isCurve(group) || (group >= 256 && group <= 260)));
  return [...possible.filter((group) => group > 512), ...USUAL_FIRST, ...possible.filter((group) => group <= 512 && !USUAL_FIRST.includes(group))];
}

/** RFC 8446, 4.2.3: TLS 1.3 leaves PKCS #1 and SHA-1 to certificates. */
export const SCHEMES = Object.keys(SIGNATURE_SCHEMES).map(Number);
const MODERN_FIRST = [...SCHEMES.filter((scheme) => scheme >= 0x0800), ...SCHEMES.filter((scheme) => scheme < 0x0800)];

/** An offer that leaves nothing out which a server might want. */
export function offer(version: ProtocolVersion, suites: readonly number[], servername: string | null, changes: Partial<Offer> = {}): Offer {
  const groups = version === "SSLv3" ? [] : groupsFor(version);
  const signatureSchemes = version === "TLSv1.2" || version === "TLSv1.3" ? MODERN_FIRST : [];
  return { version, suites, groups, signatureSchemes, servername, ...changes };
}
