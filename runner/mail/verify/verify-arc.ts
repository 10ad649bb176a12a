import { canonicalField } from "./canonicalize.js";
import { readArcSignature } from "./dkim-signature.js";
import { fieldValue, type ReceivedField, type ReceivedMessage } from "./message-parts.js";
import { readTagList, TagListError, withoutBlanks, withoutSignature } from "./tag-list.js";
import { checkSignature, findKey, isSignedBy, type VerifyOptions } from "./verify-dkim.js";

export interface ArcVerification {
  /** RFC 8617, 4.4: none without a set. temperror: a key could not be asked for. */
  readonly result: "none" | "pass" | "fail" | "temperror";
  readonly reason: string | null;
  /** The newest instance. */
  readonly instance: number | null;
  /** Who sealed the message, oldest first. */
  readonly sealers: readonly string[];
  /** The oldest instance since which the body has not changed; null when the newest does not verify. */
  readonly oldest_pass: number | null;
}

/** RFC 8617, 4.2.1. */
const MAX_INSTANCES = 50;

interface ArcSet {
  readonly results: ReceivedField;
  readonly signature: ReceivedField;
  readonly seal: ReceivedField;
}

/** Validates the chain of ARC sets (RFC 8617, 5.2). */
export async function verifyArc(message: ReceivedMessage, options: VerifyOptions): Promise<ArcVerification> {
  const found = setsOf(message);
  if (found === null) return { result: "none", reason: null, instance: null, sealers: [], oldest_pass: null };
  if (typeof found === "string") return { result: "fail", reason: found, instance: null, sealers: [], oldest_pass: null };
  const about = { instance: found.length, sealers: [] as string[] };
  try {
    const seals = found.map(({ seal }) => readSeal(fieldValue(seal)));
    about.sealers = seals.map(({ domain }) => domain);
    // A chain that an intermediary found broken stays broken.
    const wrong = seals.findIndex(({ chainValidation }, index) => chainValidation !== (index === 0 ? "none" : "pass"));
    if (wrong >= 0)
      return { ...about, result: "fail", reason: `the seal of instance ${wrong + 1} says cv=${seals[wrong]?.chainValidation}`, oldest_pass: null };
    const signatures = found.map(({ signature }) => readArcSignature(fieldValue(signature)));
    const newest = await messageSignature(message, found, signatures, found.length - 1, options);
    if (newest !== null) return { ...about, ...newest, oldest_pass: null };
    const sealed = await checkSeals(found, seals, options);
    return { ...about, ...(sealed ?? { result: "pass", reason: null }), oldest_pass: await oldestPass(message, found, signatures, options) };
  } catch (error) {
    if (!(error instanceof TagListError)) throw error;
    return { ...about, result: "fail", reason: error.message, oldest_pass: null };
  }
}

type Failure = Pick<ArcVerification, "result" | "reason">;

async function messageSignature(
  message: ReceivedMessage,
  sets: readonly ArcSet[],
  signatures: readonly ReturnType<typeof readArcSignature>[],
  index: number,
  options: VerifyOptions,
): Promise<Failure | null> {
  const signature = signatures[index] as ReturnType<typeof readArcSignature>;
  const check = await checkSignature(message, (sets[index] as ArcSet).signature, signature, options);
  if (check.result === "pass") return null;
  return { result: check.result === "temperror" ? "temperror" : "fail", reason: `ARC-Message-Signature of instance ${index + 1}: ${check.message}` };
}

async function oldestPass(
  message: ReceivedMessage,
  sets: readonly ArcSet[],
  signatures: readonly ReturnType<typeof readArcSignature>[],
  options: VerifyOptions,
): Promise<number> {
  for (let index = sets.length - 2; index >= 0; index -= 1) {
    if ((await messageSignature(message, sets, signatures, index, options)) !== null) return index + 2;
  }
  return 1;
}

async function checkSeals(sets: readonly ArcSet[], seals: readonly Seal[], { lookup }: VerifyOptions): Promise<Failure | null> {
  for (let index = sets.length - 1; index >= 0; index -= 1) {
    const seal = seals[index] as Seal;
    const where = `ARC-Seal of instance ${index + 1}`;
    if (seal.algorithm === "rsa-sha1") return { result: "fail", reason: `${where}: SHA-1 must not be used any more (RFC 8301)` };
    const key = await findKey({ ...seal, identityDomain: seal.domain }, lookup);
    if ("result" in key) return { result: key.result === "temperror" ? "temperror" : "fail", reason: `${where}: ${key.message}` };
    if (!isSignedBy(key.publicKey, seal, sealedText(sets, index))) return { result: "fail", reason: `${where} does not verify` };
  }
  return null;
}

/** RFC 8617, 5.1.1: every set up to this one, in the order results, signature, seal; its own seal without the value of b=. */
function sealedText(sets: readonly ArcSet[], last: number): string {
  const lines: string[] = [];
  for (let index = 0; index <= last; index += 1) {
    const { results, signature, seal } = sets[index] as ArcSet;
    lines.push(canonicalField(results, "relaxed"), canonicalField(signature, "relaxed"));
    lines.push(canonicalField(index === last ? { name: seal.name, raw: withoutSignature(seal.raw) } : seal, "relaxed"));
  }
  return lines.join("\r\n");
}

interface Seal {
  readonly algorithm: "rsa-sha256" | "rsa-sha1" | "ed25519-sha256";
  readonly signature: Buffer;
  readonly domain: string;
  readonly selector: string;
  readonly chainValidation: string;
}

/** RFC 8617, 4.1.3. It signs no body and names no fields. */
function readSeal(value: string): Seal {
  const tags = readTagList(value);
  if (tags.has("h")) throw new TagListError("an ARC-Seal holds h=");
  // The rest is that of a signature, which needs more tags than a seal has.
  const filled = [...tags].map(([name, each]) => `${name}=${each}`);
  const { algorithm, signature, domain, selector } = readArcSignature([...filled, "h=from", "bh=AA=="].join(";"));
  return { algorithm, signature, domain, selector, chainValidation: withoutBlanks(tags.get("cv") ?? "").toLowerCase() };
}

/** The sets by instance; null without any, or why the chain has no order. */
function setsOf({ fields }: ReceivedMessage): ArcSet[] | string | null {
  const names = { results: "arc-authentication-results", signature: "arc-message-signature", seal: "arc-seal" } as const;
  const all = fields.filter(({ name }) => name === names.results || name === names.signature || name === names.seal);
  if (all.length === 0) return null;
  const sets = new Map<number, { results?: ReceivedField; signature?: ReceivedField; seal?: ReceivedField }>();
  for (const field of all) {
    const instance = instanceOf(field, names.results);
    if (instance === null) return `${field.name} without an instance from 1 to ${MAX_INSTANCES}`;
    const set = sets.get(instance) ?? {};
    const kind = field.name === names.results ? "results" : field.name === names.signature ? "signature" : "seal";
    if (set[kind] !== undefined) return `two fields ${field.name} with instance ${instance}`;
    sets.set(instance, { ...set, [kind]: field });
  }
  const ordered = Array.from({ length: sets.size }, (_, index) => sets.get(index + 1));
  const whole = ordered.filter((set): set is ArcSet => set?.results !== undefined && set.signature !== undefined && set.seal !== undefined);
  return whole.length === ordered.length ? whole : "the instances have gaps, or a set is not whole";
}

function instanceOf(field: ReceivedField, results: string): number | null {
  const value = fieldValue(field);
  // Authentication-Results is not a list of tags: its instance precedes the first semicolon.
  const text = field.name === results ? withoutBlanks(value.slice(0, value.indexOf(";"))).replace(/^i=/, "") : tagOf(value, "i");
  if (text === null || !/^[0-9]{1,2}$/.test(text)) return null;
  const instance = Number(text);
  return instance >= 1 && instance <= MAX_INSTANCES ? instance : null;
}

function tagOf(value: string, name: string): string | null {
  try {
    return readTagList(value).get(name) ?? null;
  } catch (error) {
    if (!(error instanceof TagListError)) throw error;
    return null;
  }
}
