import type { HttpAnswer, HttpAsked } from "../../net/http/serve.js";
import { type AddressRange, addressUse, rangeContains } from "../../net/transport/address-policy.js";
import { timingSafeEqualText } from "../../support/timing-safe-equal.js";
import { Attempts } from "./attempts.js";
import type { OidcLogin } from "./oidc/oidc-login.js";

export interface Credentials {
  readonly tokens: readonly string[];
  /** Passwords by name. */
  readonly users: ReadonlyMap<string, string>;
  readonly proxies: { readonly ranges: readonly AddressRange[]; readonly header: string } | null;
}

/** What a request may see: all, or what is public; or an answer that refuses it. */
export type Access = "operator" | "public" | HttpAnswer;

/** Decides who is an operator: by a token, a user's password, the header field of a trusted proxy, or a session of an OpenID login. */
export class Login {
  readonly #attempts = new Attempts();

  constructor(
    readonly credentials: Credentials,
    /** Login at an OpenID provider; null without one. */
    readonly oidc: OidcLogin | null = null,
  ) {}

  access(asked: HttpAsked, now: number): Access {
    const { header, address, isEncrypted } = asked;
    const { proxies } = this.credentials;
    const isProxy = proxies?.ranges.some((range) => rangeContains(range, address)) ?? false;
    if (isProxy && proxies !== null && (header(proxies.header) ?? "") !== "") return "operator";
    if (this.oidc?.hasSession(asked) === true) return "operator";
    const given = header("authorization");
    if (given === null) return "public";
    if (!isEncrypted && !isProxy && addressUse(address).scope !== "loopback")
      return { status: 403, text: "credentials are accepted by TLS, or from a listed proxy, only\n" };
    // The proxy's own address would lock out everyone behind it.
    const client = isProxy ? (header("x-forwarded-for")?.split(",").at(-1)?.trim().slice(0, 64) ?? address) : address;
    const wait = this.#attempts.waitSeconds(client, now);
    if (wait > 0) return { status: 429, text: "too many failed logins\n", headers: { "retry-after": String(wait) } };
    if (this.#isRight(given)) return "operator";
    this.#attempts.failed(client, now);
    return this.challenge();
  }

  /** Asks for credentials. */
  challenge(): HttpAnswer {
    const scheme = this.credentials.users.size > 0 ? 'Basic realm="probe-run", charset="UTF-8"' : 'Bearer realm="probe-run"';
    return { status: 401, text: "log in to see this\n", headers: { "www-authenticate": scheme } };
  }

  /** Compares with every one, so that the time says nothing about which one was near. */
  #isRight(given: string): boolean {
    const [, scheme = "", value = ""] = /^(\S{1,16}) +(\S{1,16384})$/.exec(given) ?? [];
    if (scheme.toLowerCase() === "bearer") return this.credentials.tokens.map((token) => timingSafeEqualText(value, token)).includes(true);
    if (scheme.toLowerCase() !== "basic") return false;
    const text = Buffer.from(value, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const [name, password] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
    return [...this.credentials.users]
      .map(([user, expected]) => [timingSafeEqualText(name, user), timingSafeEqualText(password, expected)])
      .some(([isUser, isPassword]) => isUser === true && isPassword === true);
  }
}
