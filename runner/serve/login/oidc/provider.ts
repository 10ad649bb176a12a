import type { JsonWebKey } from "node:crypto";
import { sendSingle } from "../../../net/http/single-request.js";

/** What a login needs to know of a provider: OpenID Connect Discovery 1.0, section 3. */
interface Metadata {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly jwks_uri: string;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 262_144;
const KEEP_MS = 3_600_000;
/** A token with an unknown key must not make us ask for the keys again and again. */
const KEYS_EVERY_MS = 10_000;
const MOST_KEYS = 64;
const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A provider that cannot be used now: the message says why. */
export class ProviderFailed extends Error {
  override readonly name = "ProviderFailed";
}

/** An OpenID provider: its endpoints and keys, asked for when they are needed. */
export class Provider {
  #metadata: { readonly value: Metadata; readonly until: number } | null = null;
  #keys: { readonly value: readonly JsonWebKey[]; readonly at: number } | null = null;

  constructor(
    readonly issuer: string,
    readonly now: () => number = Date.now,
  ) {}

  async metadata(): Promise<Metadata> {
    if (this.#metadata !== null && this.#metadata.until > this.now()) return this.#metadata.value;
    const value = await this.#json(`${this.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
    // A document of another issuer could send the client's secret elsewhere.
    if (value.issuer !== this.issuer) throw new ProviderFailed("the provider's configuration names another issuer");
    for (const name of ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const)
      if (!isProtected(value[name])) throw new ProviderFailed(`the provider's ${name} is not an https URL`);
    this.#metadata = { value: value as unknown as Metadata, until: this.now() + KEEP_MS };
    return this.#metadata.value;
  }

  /** The keys of the provider, asked for again if this one is unknown. */
  async keys(id: string | null): Promise<readonly JsonWebKey[]> {
    const known = this.#keys;
    const age = known === null ? Number.POSITIVE_INFINITY : this.now() - known.at;
    const isThere = id === null || (known?.value.some(({ kid }) => kid === id) ?? false);
    if (known !== null && (age < KEYS_EVERY_MS || (isThere && age < KEEP_MS))) return known.value;
    const { keys } = await this.#json((await this.metadata()).jwks_uri);
    if (!Array.isArray(keys)) throw new ProviderFailed("the provider's keys are not a list");
    const value = keys.slice(0, MOST_KEYS).filter((key) => key !== null && typeof key === "object") as JsonWebKey[];
    this.#keys = { value, at: this.now() };
    return value;
  }

  /** Exchanges a code for tokens: RFC 6749, section 4.1.3. */
  async tokens(form: Readonly<Record<string, string>>, authorization: string | null): Promise<Readonly<Record<string, unknown>>> {
    const { token_endpoint: url } = await this.metadata();
    return this.#json(url, { body: new URLSearchParams(form).toString(), authorization });
  }

  async #json(url: string, post: { readonly body: string; readonly authorization: string | null } | null = null): Promise<Readonly<Record<string, unknown>>> {
    const path = new URL(url).pathname;
    const fields: [string, string][] = [["accept", "application/json"]];
    if (post !== null) fields.push(["content-type", "application/x-www-form-urlencoded"]);
    if (post?.authorization != null) fields.push(["authorization", post.authorization]);
    const asked = { method: post === null ? "GET" : "POST", url, fields, body: post?.body ?? null, timeoutMs: TIMEOUT_MS, maxBodyBytes: MOST_BYTES } as const;
    const { head, body } = await sendSingle(asked).catch((error: Error) => {
      throw new ProviderFailed(`the provider does not answer at ${path}: ${error.message}`);
    });
    if (head?.status !== 200) throw new ProviderFailed(`the provider answers HTTP ${head?.status} at ${path}`);
    const value = parsed(body?.kept.toString("utf8") ?? "");
    if (value === null) throw new ProviderFailed(`the provider's answer at ${path} is not a JSON object`);
    return value;
  }
}

/** Over a network, only https; on this machine also http. */
export function isProtected(written: unknown): boolean {
  if (typeof written !== "string" || !URL.canParse(written)) return false;
  const { protocol, hostname } = new URL(written);
  if (protocol === "https:") return true;
  return protocol === "http:" && LOCAL.test(hostname);
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
