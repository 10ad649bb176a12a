import { resolveReferences } from "../../harness/references.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { RequestError } from "../../support/request-error.js";
import type { HeartbeatCheck } from "./heartbeat-check.js";
import { digestOf } from "./heartbeats.js";

/** It is a part of the URL. */
const TOKEN = /^[A-Za-z0-9_-]{20,200}$/;

/** The keys of jobs by the digests of their tokens. Rejects with a RequestError for one that cannot be read or used. */
export async function openTokens(checks: readonly HeartbeatCheck[]): Promise<ReadonlyMap<string, string>> {
  const holder = { tokens: checks.map(({ token }) => token) };
  await resolveReferences(holder, [{ steps: ["tokens", "*"], isSecret: true }], new SecretKeeper());
  const keys = new Map<string, string>();
  for (const [index, token] of (holder.tokens as string[]).entries()) {
    const { key } = checks[index] as HeartbeatCheck;
    if (!TOKEN.test(token)) throw unusable(index, "a token has 20 to 200 letters, digits, - and _", "make one: openssl rand -hex 20");
    if (keys.has(digestOf(token))) throw unusable(index, "another heartbeat has the same token", "give each job a token of its own");
    keys.set(digestOf(token), key);
  }
  return keys;
}

function unusable(index: number, message: string, hint: string): RequestError {
  return new RequestError("a heartbeat cannot be used", "usage", [{ pointer: `watch.heartbeats.${index}.token`, message, hint }]);
}
