import { resolved, type SecretReference } from "../../../schemas/secret.js";
import type { AuthMechanism } from "../../../schemas/smtp.js";
import { failureError } from "../../run/failure-error.js";
import { cramMd5 } from "./cram-md5.js";
import type { SaslExchange } from "./exchange.js";
import { login } from "./login.js";
import { plain } from "./plain.js";
import { scramSha256 } from "./scram-sha-256.js";
import { xoauth2 } from "./xoauth2.js";

/** What a login needs, once the harness has put the secrets' texts in their places. */
export interface Credentials {
  username: string;
  password: string | null;
  accessToken: string | null;
}

/** One way to log in: a mechanism of SASL, or what a protocol has beside it. */
export interface Method<Name extends string = string> {
  readonly name: Name;
  readonly needs: "password" | "accessToken";
  /** An eavesdropper learns the secret itself. */
  readonly readable: boolean;
}

interface Mechanism extends Method<AuthMechanism> {
  begin(username: string, secret: string): SaslExchange;
}

/** The strongest first: `auto` takes the first that the server offers and the credentials fit. */
export const MECHANISMS: readonly Mechanism[] = [
  { name: "SCRAM-SHA-256", needs: "password", readable: false, begin: (username, password) => scramSha256(username, password) },
  { name: "CRAM-MD5", needs: "password", readable: false, begin: cramMd5 },
  { name: "PLAIN", needs: "password", readable: true, begin: plain },
  { name: "LOGIN", needs: "password", readable: true, begin: login },
  { name: "XOAUTH2", needs: "accessToken", readable: true, begin: xoauth2 },
];

/** The fields of an input that say who logs in. */
interface LoginFields {
  username: string | SecretReference;
  password?: string | SecretReference;
  access_token?: string | SecretReference;
}

export function credentialsOf({ username, password, access_token: accessToken }: LoginFields): Credentials {
  return {
    username: resolved(username),
    password: password === undefined ? null : resolved(password),
    accessToken: accessToken === undefined ? null : resolved(accessToken),
  };
}

/** Chooses how to log in. Throws a FailureError when nothing that the server offers fits. */
export function chooseMethod<Each extends Method>(
  methods: readonly Each[],
  asked: "auto" | Each["name"],
  credentials: Credentials,
  offered: readonly string[],
): Each {
  const candidates = methods.filter(({ name }) => asked === "auto" || asked === name);
  const fitting = candidates.filter(({ needs }) => credentials[needs] !== null);
  if (fitting.length === 0) throw failureError("auth", "not_permitted", `${wanted(candidates)} is missing: the login needs it`);
  const chosen = fitting.find(({ name }) => offered.includes(name));
  if (chosen !== undefined) return chosen;
  const names = fitting.map(({ name }) => name).join(", ");
  throw failureError("auth", "unsupported", `the server offers ${offered.length === 0 ? "no AUTH" : `AUTH ${offered.join(" ")}`}; the login needs ${names}`);
}

/** Throws before anything is sent if an eavesdropper would learn the secret and the input does not allow that. */
export function requireCover({ name, needs, readable }: Method, isSecure: boolean, isAllowed: boolean): void {
  if (!readable || isSecure || isAllowed) return;
  const secret = needs === "password" ? "password" : "access token";
  throw failureError(
    "auth",
    "not_permitted",
    `${name} without TLS would show the ${secret} to anyone on the network path; nothing was sent. Use TLS, or set auth.allow_plaintext`,
  );
}

export function beginExchange(mechanism: Mechanism, credentials: Credentials): SaslExchange {
  return mechanism.begin(credentials.username, credentials[mechanism.needs] as string);
}

function wanted(candidates: readonly Method[]): string {
  const needs = new Set(candidates.map((method) => method.needs));
  return [...needs].map((need) => (need === "password" ? "a password" : "an access token")).join(" or ");
}
