import type { DkimProblem, DkimResult, DkimSignature } from "../../../schemas/dkim.js";
import { fromDomains } from "./from-domains.js";
import { partsOf } from "./header-fields.js";
import type { KeySource } from "./key-source.js";
import { type Signable, type Stamp, signableOf, signatureField } from "./sign.js";
import type { SigningKey } from "./signing-key.js";

/** What became of a message that was to be signed. */
export interface Signed extends DkimResult {
  /** The signatures as header fields, to be sent before the message's own bytes; empty when nothing could sign. */
  readonly header: Buffer;
}

export interface Signer {
  /** Signs for the domain of From with each of its keys. Never rejects because of a message or a key: such problems are reported. */
  sign(message: Uint8Array): Promise<Signed>;
}

export interface SignerOptions {
  readonly keys: KeySource;
  /** Null, or left out: the signatures are good for ever. */
  readonly expiresAfterSeconds?: number | null;
  readonly now?: () => number;
}

export function createSigner({ keys, expiresAfterSeconds = null, now = Date.now }: SignerOptions): Signer {
  return {
    async sign(message) {
      const { fields, body } = partsOf(message);
      if (fields === null) return unsigned("malformed_header", "a line before the first empty line is no header field: leave an empty line before the body");
      const domains = fromDomains(fields);
      if (domains.length === 0) return unsigned("no_from", "the message has no From with a domain, for which to sign: give it one");
      const found = await Promise.all(domains.map((domain) => findKeys(keys, domain)));
      const problems = found.flatMap((one) => one.problems);
      const able = found.flatMap((one) => one.able);
      if (able.length === 0) return { header: Buffer.alloc(0), signatures: [], problems };
      const signable = await signableOf(fields, body);
      const made = await Promise.all(able.map((one) => attempt(signable, one, { now: now(), expiresAfterSeconds })));
      const good = made.filter((one) => "field" in one);
      return {
        header: Buffer.from(good.map(({ field }) => field).join(""), "latin1"),
        signatures: good.map(({ signature }) => signature),
        problems: [...problems, ...made.filter((one) => "code" in one)],
      };
    },
  };
}

/** A key, and its relation to the From domain. */
interface AbleKey {
  readonly key: SigningKey;
  readonly alignment: DkimSignature["alignment"];
}

interface FoundFor {
  readonly able: readonly AbleKey[];
  readonly problems: readonly DkimProblem[];
}

/** The domain's own keys; if it has none, those of the nearest parent domain. */
async function findKeys(source: KeySource, domain: string): Promise<FoundFor> {
  for (let name = domain; name.includes("."); name = name.slice(name.indexOf(".") + 1)) {
    const { keys, problems } = await source.keysOf(name);
    if (keys.length === 0 && problems.length === 0) continue;
    const alignment = name === domain ? "strict" : "relaxed";
    return { able: keys.map((key) => ({ key, alignment })), problems };
  }
  return { able: [], problems: [{ code: "no_key", domain, selector: null, message: `there is no key for ${domain}: ${source.hint(domain)}` }] };
}

async function attempt(signable: Signable, { key, alignment }: AbleKey, stamp: Stamp): Promise<{ field: string; signature: DkimSignature } | DkimProblem> {
  const { domain, selector, algorithm } = key;
  try {
    return { field: await signatureField(signable, key, stamp), signature: { domain, selector, algorithm, alignment } };
  } catch (error) {
    return { code: "signing_failed", domain, selector, message: `signing failed: ${(error as Error).message}` };
  }
}

function unsigned(code: DkimProblem["code"], message: string): Signed {
  return { header: Buffer.alloc(0), signatures: [], problems: [{ code, domain: null, selector: null, message }] };
}
