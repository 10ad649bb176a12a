import { resolved } from "../../../schemas/secret.js";
import type { AuthInput, AuthMechanism } from "../../../schemas/smtp.js";
import { fail } from "../../failure-error.js";
import { cramMd5 } from "./sasl/cram-md5.js";
import type { SaslExchange } from "./sasl/exchange.js";
import { login } from "./sasl/login.js";
import { plain } from "./sasl/plain.js";
import { scramSha256 } from "./sasl/scram-sha-256.js";
import { xoauth2 } from "./sasl/xoauth2.js";

/** What a login needs, once the harness has put the secrets' texts in their places. */
export interface Credentials {
  username: string;
  password: string | null;
  accessToken: string | null;
}

interface Mechanism {
  name: AuthMechanism;
  needs: "password" | "accessToken";
  /** Whoever listens on the way learns the secret itself. */
  readable: boolean;
  begin(username: string, secret: string): SaslExchange;
}

/** The strongest first: `auto` takes the first that the server offers and the credentials fit. */
const MECHANISMS: readonly Mechanism[] = [
  { name: "SCRAM-SHA-256", needs: "password", readable: false, begin: (username, password) => scramSha256(username, password) },
  { name: "CRAM-MD5", needs: "password", readable: false, begin: cramMd5 },
  { name: "PLAIN", needs: "password", readable: true, begin: plain },
  { name: "LOGIN", needs: "password", readable: true, begin: login },
  { name: "XOAUTH2", needs: "accessToken", readable: true, begin: xoauth2 },
];

export function credentialsOf(auth: AuthInput): Credentials {
  const { username, password, access_token: accessToken } = auth;
  return {
    username: resolved(username),
    password: password === undefined ? null : resolved(password),
    accessToken: accessToken === undefined ? null : resolved(accessToken),
  };
}

/** Chooses how to log in. Throws a FailureError when nothing that the server offers fits. */
export function chooseMechanism(asked: AuthInput["mechanism"], credentials: Credentials, offered: readonly string[]): Mechanism {
  const candidates = MECHANISMS.filter(({ name }) => asked === "auto" || asked === name);
  const fitting = candidates.filter(({ needs }) => credentials[needs] !== null);
  if (fitting.length === 0) throw fail("auth", "not_permitted", `${wanted(candidates)} is missing: the login needs it`);
  const chosen = fitting.find(({ name }) => offered.includes(name));
  if (chosen !== undefined) return chosen;
  const names = fitting.map(({ name }) => name).join(", ");
  throw fail("auth", "unsupported", `the server offers ${offered.length === 0 ? "no AUTH" : `AUTH ${offered.join(" ")}`}; the login needs ${names}`);
}

export function beginExchange(mechanism: Mechanism, credentials: Credentials): SaslExchange {
  return mechanism.begin(credentials.username, credentials[mechanism.needs] as string);
}

function wanted(candidates: readonly Mechanism[]): string {
  const needs = new Set(candidates.map((mechanism) => mechanism.needs));
  return [...needs].map((need) => (need === "password" ? "auth.password" : "auth.access_token")).join(" or ");
}
