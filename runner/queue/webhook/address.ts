import { resolveReferences } from "../../harness/references.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { RequestError } from "../../support/request-error.js";

export interface WebhookAddress {
  /** The URL to request: without user, password and fragment. */
  readonly url: string;
  /** For messages: also without the query, which may hold a token. */
  readonly shown: string;
  /** The value of the Authorization header. */
  readonly authorization: string | null;
  /** Empty: requests are not signed, because the URL says so. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
}

const SECRET_VARIABLE = "PROBE_RUN_WEBHOOK_SECRET";
const DEFAULT_TIMEOUT_MS = 10_000;
const OPTIONS = ["secret", "unsigned", "plaintext", "timeout_ms"];

/**
 * https://host/path?query#secret=env:NAME&timeout_ms=5000. Path and query belong to the receiver; our settings are in the fragment, which is never
 * sent.
 */
export async function readWebhookUrl(written: string, environment: NodeJS.ProcessEnv = process.env): Promise<WebhookAddress> {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw notWebhook(url === null ? "it is not a URL" : `${url.protocol} is not HTTP`, "write https://host/path");
  const options = new URLSearchParams(url.hash.slice(1));
  const unknown = [...options.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw notWebhook(`unknown setting #${unknown}=`, `the settings are ${OPTIONS.join(", ")}`);
  if (url.protocol === "http:" && !isLoopback(url.hostname) && options.get("plaintext") !== "true")
    throw notWebhook("http: would send results unencrypted", "use https:, or add #plaintext=true if the network is trusted");
  const timeoutMs = Number(options.get("timeout_ms") ?? DEFAULT_TIMEOUT_MS);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 600_000) throw notWebhook("timeout_ms must be a whole number from 1 to 600000", null);
  return {
    url: `${url.origin}${url.pathname}${url.search}`,
    shown: `${url.origin}${url.pathname}`,
    authorization: authorizationOf(url),
    secrets: await secretsOf(options, environment),
    timeoutMs,
  };
}

async function secretsOf(options: URLSearchParams, environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const secrets = await signingSecrets(options, environment);
  if (secrets.length > 0 || options.get("unsigned") === "true") return secrets;
  throw notWebhook("no secret to sign with", `set ${SECRET_VARIABLE}, or add #secret=env:NAME or #secret=file:PATH; #unsigned=true sends without a signature`);
}

/** Two secrets while one replaces the other: the receiver accepts a signature by either. None if none is configured. */
export async function signingSecrets(options: URLSearchParams, environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const references = options.getAll("secret");
  if (references.length > 0) return Promise.all(references.map(readSecret));
  const fallback = environment[SECRET_VARIABLE] ?? "";
  return fallback === "" ? [] : [fallback];
}

async function readSecret(reference: string): Promise<string> {
  if (!/^(env|file|command):./.test(reference)) throw notWebhook("#secret= is a reference, not the secret itself", "env:NAME, file:PATH or command:PROGRAM");
  const holder: Record<string, unknown> = { secret: { secret: reference } };
  await resolveReferences(holder, [{ steps: ["secret"], isSecret: true }], new SecretKeeper());
  return holder.secret as string;
}

/** The user and password of a URL as an Authorization header (RFC 7617): they are not part of what is requested. */
export function authorizationOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  return `Basic ${Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString("base64")}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A literal percent sign.
    return text;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

/** Does not show the URL: it may hold a password. */
function notWebhook(message: string, hint: string | null): RequestError {
  return new RequestError("the URL of the webhook cannot be used", "usage", [{ pointer: "", message, hint }]);
}
