import type { Endpoint } from "../../runner/mail-sites/endpoint.js";
import { round } from "../../runner/run/clock.js";
import { isOver } from "./evidence.js";
import type { Conversation } from "./open-conversation.js";
import { attemptOf } from "./open-conversation.js";
import type { SiteCheck } from "./site-check.js";

/** Everything in which two sessions may differ. The mail hosts and not the site: hosts of one site may serve different domains. */
export function sessionKey({ input, identity }: SiteCheck, endpoints: readonly Endpoint[]): string {
  return JSON.stringify([endpoints, identity.name, input.tls, input.source_address ?? null]);
}

/** Takes the session that an earlier job of this process left open; null if there is none. */
export function resume({ ctx, evidence, timeouts, batch }: SiteCheck, key: string): Conversation | null {
  const pooled = ctx.sites.sessions?.take(batch.site, key) ?? null;
  if (pooled === null || pooled.dialled === null || pooled.endpoint.ipAddress === null) return null;
  const { session, dialled, helloName, tls } = pooled;
  const { host, ipAddress, port } = pooled.endpoint;
  session.options.command_timeout_ms = timeouts.command_timeout_ms;
  // Dialled before this run began: at a time below 0.
  const times = { at_ms: round(dialled.at - ctx.run.recorder.began), duration_ms: round(dialled.connectedAt - dialled.at) };
  const attempt = { ...attemptOf(host, { ip_address: ipAddress, port, ...times, outcome: "connected", error: null }), tls };
  evidence.attempts.push(attempt);
  evidence.helo_domain = helloName;
  return { pooled, attempt, endpoint: { host, ipAddress }, isResumed: true };
}

/** Keeps a session open for the next job. False: it cannot be reused, and has to be ended. */
export function keepForReuse({ ctx, input }: SiteCheck, { pooled, attempt }: Conversation): boolean {
  const { sessions } = ctx.sites;
  if (pooled.state === null || sessions === null || attempt.ended_at !== null || isOver(ctx) || pooled.used >= input.addresses_per_connection) return false;
  sessions.keep(pooled);
  return true;
}
