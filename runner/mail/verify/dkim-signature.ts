import { parseHost } from "../../../schemas/host.js";
import type { Canonicalization } from "./canonicalize.js";
import { readTagList, TagListError, withoutBlanks } from "./tag-list.js";

/** A DKIM-Signature, or an ARC-Message-Signature, whose tags are whole (RFC 6376, 3.5). */
export interface DkimSignature {
  readonly algorithm: "rsa-sha256" | "rsa-sha1" | "ed25519-sha256";
  readonly signature: Buffer;
  readonly bodyHash: string;
  readonly headerCanonicalization: Canonicalization;
  readonly bodyCanonicalization: Canonicalization;
  readonly domain: string;
  readonly selector: string;
  /** Names in lower case, as often as they occur in h=. */
  readonly signedFields: readonly string[];
  readonly identityDomain: string;
  readonly bodyLength: number | null;
  /** Seconds since 1970. */
  readonly signedAt: number | null;
  readonly expiresAt: number | null;
}

/** What can be said of a signature whose tags are not whole. */
export interface SignatureTags {
  readonly domain: string | null;
  readonly selector: string | null;
  readonly algorithm: string | null;
}

export function tagsShown(value: string): SignatureTags {
  const tag = (tags: ReadonlyMap<string, string>, name: string): string | null => tags.get(name)?.slice(0, 255) ?? null;
  try {
    const tags = readTagList(value);
    return { domain: tag(tags, "d"), selector: tag(tags, "s"), algorithm: tag(tags, "a") };
  } catch {
    return { domain: null, selector: null, algorithm: null };
  }
}

/** Throws TagListError for what RFC 6376, 6.1.1, makes a permanent failure. */
export function readDkimSignature(value: string): DkimSignature {
  const tags = readTagList(value);
  if (tags.get("v") !== "1") throw new TagListError(tags.has("v") ? "v= is not 1" : "v= is missing");
  return { ...readSignature(tags), identityDomain: identityDomain(tags, domainOf(tags)) };
}

/** RFC 8617, 4.1.2: the same without v=, and with i= for the instance. */
export function readArcSignature(value: string): DkimSignature {
  const tags = readTagList(value);
  const signature = readSignature(tags);
  if (signature.signedFields.includes("arc-seal")) throw new TagListError("h= names ARC-Seal");
  return { ...signature, identityDomain: signature.domain };
}

function readSignature(tags: ReadonlyMap<string, string>): Omit<DkimSignature, "identityDomain"> {
  const [headerCanonicalization, bodyCanonicalization] = canonicalizations(tags.get("c"));
  const queries = tags.get("q")?.split(":").map(withoutBlanks);
  if (queries !== undefined && !queries.includes("dns/txt")) throw new TagListError("q= names no method that is known");
  const signedAt = number(tags, "t", 12);
  const expiresAt = number(tags, "x", 12);
  if (signedAt !== null && expiresAt !== null && expiresAt <= signedAt) throw new TagListError("x= is not after t=");
  return {
    algorithm: algorithmOf(tags),
    signature: base64(tags, "b"),
    bodyHash: base64(tags, "bh").toString("base64"),
    headerCanonicalization,
    bodyCanonicalization,
    domain: domainOf(tags),
    selector: selectorOf(tags),
    signedFields: signedFields(required(tags, "h")),
    bodyLength: number(tags, "l", 76),
    signedAt,
    expiresAt,
  };
}

function required(tags: ReadonlyMap<string, string>, name: string): string {
  const value = tags.get(name);
  if (value === undefined || value === "") throw new TagListError(`${name}= is missing`);
  return value;
}

function algorithmOf(tags: ReadonlyMap<string, string>): DkimSignature["algorithm"] {
  const algorithm = required(tags, "a").toLowerCase();
  if (algorithm !== "rsa-sha256" && algorithm !== "rsa-sha1" && algorithm !== "ed25519-sha256") throw new TagListError("a= is an algorithm that is not known");
  return algorithm;
}

function base64(tags: ReadonlyMap<string, string>, name: string): Buffer {
  const text = withoutBlanks(required(tags, name));
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new TagListError(`${name}= is not base64`);
  return Buffer.from(text, "base64");
}

function canonicalizations(value = "simple/simple"): [Canonicalization, Canonicalization] {
  const [header, body = "simple", ...more] = withoutBlanks(value).toLowerCase().split("/");
  const isKnown = (method: string | undefined): method is Canonicalization => method === "simple" || method === "relaxed";
  if (!isKnown(header) || !isKnown(body) || more.length > 0) throw new TagListError("c= is a canonicalization that is not known");
  return [header, body];
}

/** In A-labels, as it is asked for (RFC 8616, 5). */
function domainOf(tags: ReadonlyMap<string, string>): string {
  const host = parseHost(Buffer.from(required(tags, "d"), "latin1").toString("utf8"));
  if (host?.kind !== "name" || !host.host.includes(".")) throw new TagListError("d= is no domain");
  return host.host.toLowerCase();
}

function selectorOf(tags: ReadonlyMap<string, string>): string {
  const selector = Buffer.from(required(tags, "s"), "latin1").toString("utf8");
  const host = parseHost(`${selector}.example`);
  if (host?.kind === "name") return host.host.toLowerCase().slice(0, -".example".length);
  // Selectors with underscores are in use, though sub-domains have none (RFC 6376, 3.1).
  if (selector.length <= 190 && selector.split(".").every(isSelectorLabel)) return selector.toLowerCase();
  throw new TagListError("s= is no selector");
}

function isSelectorLabel(label: string): boolean {
  return /^[a-z0-9_-]{1,63}$/i.test(label) && !label.startsWith("-") && !label.endsWith("-");
}

const MAX_SIGNED_FIELDS = 1000;

function signedFields(value: string): string[] {
  const names = value.split(":").map((name) => withoutBlanks(name).toLowerCase());
  if (names.length > MAX_SIGNED_FIELDS) throw new TagListError(`h= names more than ${MAX_SIGNED_FIELDS} fields`);
  if (names.some((name) => name === "")) throw new TagListError("h= holds an empty name");
  if (!names.includes("from")) throw new TagListError("h= does not name From");
  return names;
}

/** RFC 6376, 3.5: i= is d= or below it. */
function identityDomain(tags: ReadonlyMap<string, string>, domain: string): string {
  const identity = tags.get("i");
  if (identity === undefined) return domain;
  const host = parseHost(Buffer.from(identity.slice(identity.lastIndexOf("@") + 1), "latin1").toString("utf8"));
  const name = host?.kind === "name" ? host.host.toLowerCase() : null;
  if (!identity.includes("@") || name === null || (name !== domain && !name.endsWith(`.${domain}`))) throw new TagListError("i= is neither in d= nor below it");
  return name;
}

function number(tags: ReadonlyMap<string, string>, name: string, digits: number): number | null {
  const value = tags.get(name);
  if (value === undefined) return null;
  if (!/^[0-9]+$/.test(value) || value.length > digits) throw new TagListError(`${name}= is no number`);
  return Number(value);
}
