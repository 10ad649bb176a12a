import { createHash, createHmac, randomBytes } from "node:crypto";
import type { HttpAnswer, HttpAsked } from "../../../net/http/serve.js";
import { timingSafeEqualText } from "../../../support/timing-safe-equal.js";
import { BoundedMap } from "./bounded-map.js";
import { type Claims, keyIdOf, TokenRefused, verifyIdToken } from "./id-token.js";
import { type Provider, ProviderFailed } from "./provider.js";

export interface OidcSettings {
  readonly clientId: string;
  /** Null: a public client, which PKCE protects. */
  readonly clientSecret: string | null;
  /** Of the status page, as browsers reach it. It ends with a slash. */
  readonly url: string;
  /** Members of one of them are operators; null: everyone whom the provider logs in. */
  readonly groups: readonly string[] | null;
  readonly groupsClaim: string;
  readonly scopes: readonly string[];
}

/** A login that has begun in one browser. */
interface Begun {
  /** A random text, and when the login must have ended. */
  readonly cookie: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const COOKIE = "probe_run_login";
const LOGIN_MS = 600_000;
const SESSION_MS = 8 * 3_600_000;
const MOST_FINISHED = 10_000;
const MOST_SESSIONS = 10_000;
export const CALLBACK = "login/callback";

/** Login at an OpenID provider by the code flow with PKCE. Sessions are kept in memory, so a restart ends them. */
export class OidcLogin {
  /** Logins that have begun are not stored: anyone may begin one, and many would displace those of operators. The cookie holds them. */
  readonly #key = randomBytes(32);
  readonly #finished = new BoundedMap<true>(MOST_FINISHED, LOGIN_MS);
  readonly #sessions = new BoundedMap<true>(MOST_SESSIONS, SESSION_MS);

  constructor(
    readonly settings: OidcSettings,
    readonly provider: Provider,
    readonly now: () => number = Date.now,
  ) {}

  /** The request is of a browser that has logged in. */
  hasSession(asked: Pick<HttpAsked, "header">): boolean {
    const id = cookieOf(asked, SESSION_COOKIE);
    return id !== null && this.#sessions.get(id, this.now()) !== null;
  }

  /** Sends the browser to the provider. */
  async begin(): Promise<HttpAnswer> {
    try {
      const { authorization_endpoint: endpoint } = await this.provider.metadata();
      const { cookie, state, nonce, verifier } = this.#login(`${secret()}.${(this.now() + LOGIN_MS).toString(36)}`);
      const url = new URL(endpoint);
      const parameters = {
        response_type: "code",
        client_id: this.settings.clientId,
        redirect_uri: this.#callback,
        scope: ["openid", ...this.settings.scopes].join(" "),
        state,
        nonce,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return { status: 303, text: "", headers: { location: url.href, "set-cookie": this.#cookie(cookie, LOGIN_MS) } };
    } catch (error) {
      return failed(error);
    }
  }

  /** The browser is back with a code. */
  async finish({ query, header }: Pick<HttpAsked, "query" | "header">): Promise<HttpAnswer> {
    const begun = this.#begun({ header });
    // Without it, a stranger could log a browser in as another user. The state of an invented cookie cannot be computed without the key.
    if (begun === null || !timingSafeEqualText(query.get("state") ?? "", begun.state))
      return refused("this login did not begin in this browser, or took too long");
    this.#finished.set(begun.cookie, true, this.now());
    const code = query.get("code");
    if (code === null) return refused(`the provider refuses the login: ${(query.get("error") ?? "no code").slice(0, 100)}`);
    try {
      const claims = await this.#claims(code, begun);
      if (!this.#isOperator(claims)) return { status: 403, text: "you are logged in, and are not among those who may see this\n", headers: this.#forget() };
      const session = secret();
      this.#sessions.set(session, true, this.now());
      return { status: 303, text: "", headers: { location: this.settings.url, "set-cookie": this.#cookie(session, SESSION_MS) } };
    } catch (error) {
      return failed(error);
    }
  }

  /** The login that began in this browser; null without one that may still end. */
  #begun(asked: Pick<HttpAsked, "header">): Begun | null {
    const cookie = cookieOf(asked, LOGIN_COOKIE);
    const until = Number.parseInt(cookie?.split(".")[1] ?? "0", 36);
    return cookie === null || until <= this.now() || this.#finished.get(cookie, this.now()) !== null ? null : this.#login(cookie);
  }

  #login(cookie: string): Begun {
    const derived = (use: string): string => createHmac("sha256", this.#key).update(`${use} ${cookie}`).digest("base64url");
    return { cookie, state: derived("state"), nonce: derived("nonce"), verifier: derived("verifier") };
  }

  async #claims(code: string, { nonce, verifier }: Begun): Promise<Claims> {
    const { clientId, clientSecret } = this.settings;
    const form = { grant_type: "authorization_code", code, redirect_uri: this.#callback, code_verifier: verifier };
    const basic = clientSecret === null ? null : `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString("base64")}`;
    const { id_token: token } = await this.provider.tokens(clientSecret === null ? { ...form, client_id: clientId } : form, basic);
    if (typeof token !== "string") throw new TokenRefused("there is none");
    const keys = await this.provider.keys(keyIdOf(token));
    return verifyIdToken(token, keys, { issuer: this.provider.issuer, clientId, nonce, now: this.now() });
  }

  #isOperator(claims: Claims): boolean {
    const { groups, groupsClaim } = this.settings;
    if (groups === null) return true;
    const own = claims[groupsClaim];
    return groups.some((group) => (Array.isArray(own) ? own.includes(group) : own === group));
  }

  get #callback(): string {
    return `${this.settings.url}${CALLBACK}`;
  }

  #cookie(value: string, lifeMs: number): string {
    const { protocol, pathname } = new URL(this.settings.url);
    return `${COOKIE}=${value}; Path=${pathname}; Max-Age=${lifeMs / 1000}; HttpOnly; SameSite=Lax${protocol === "https:" ? "; Secure" : ""}`;
  }

  #forget(): Record<string, string> {
    return { "set-cookie": this.#cookie("", 0) };
  }
}

const SESSION_COOKIE = /^[A-Za-z0-9_-]{43}$/;
const LOGIN_COOKIE = /^[A-Za-z0-9_-]{43}\.[0-9a-z]{1,11}$/;

function cookieOf({ header }: Pick<HttpAsked, "header">, form: RegExp): string | null {
  const fields = (header("cookie") ?? "").slice(0, 8192).split(";");
  const own = fields.map((field) => field.trim()).find((field) => field.startsWith(`${COOKIE}=`));
  const value = own?.slice(COOKIE.length + 1) ?? "";
  return form.test(value) ? value : null;
}

function secret(): string {
  return randomBytes(32).toString("base64url");
}

/** RFC 6749, appendix B. */
function encoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function refused(why: string): HttpAnswer {
  return { status: 400, text: `the login failed: ${why}\n` };
}

function failed(error: unknown): HttpAnswer {
  if (error instanceof TokenRefused) return { status: 403, text: `the login failed: the ID token is refused: ${error.message}\n` };
  if (error instanceof ProviderFailed) return { status: 502, text: `the login failed: ${error.message}\n` };
  throw error;
}
