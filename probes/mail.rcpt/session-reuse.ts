import { round } from "../../runner/run/clock.js";
import type { Conversation } from "./conversation.js";
import type { Speaker } from "./decide.js";
import { type Attempt, isOver } from "./evidence.js";
import type { SiteCheck } from "./site-check.js";

/** Everything in which two sessions may differ. The mail hosts and not the site: hosts of one site may serve different domains. */
export function sessionKey({ input, identity }: SiteCheck, endpoints: readonly Speaker[]): string {
  return JSON.stringify([endpoints, input.mx_port, identity.name, input.tls, input.source_address ?? null]);
}

/** Takes the session that an earlier job of this process left open; null if there is none. */
export function resume({ ctx, evidence, timeouts }: SiteCheck, key: string): Conversation | null {
  const left = ctx.sites.lingering?.take(key) ?? null;
  if (left === null) return null;
  const { session, state, host, ipAddress, port, helloName, asked, dialledAt, connectedAt, tls } = left;
  session.options.command_timeout_ms = timeouts.command_timeout_ms;
  // Dialled before this run began: at a time below 0.
  const times = { at_ms: round(dialledAt - ctx.run.recorder.began), duration_ms: round(connectedAt - dialledAt) };
  const attempt: Attempt = { mx_host: host, ip_address: ipAddress, port, ...times, outcome: "connected", error: null, tls, ...NOT_ENDED };
  evidence.attempts.push(attempt);
  evidence.helo_domain = helloName;
  return { session, attempt, endpoint: { host, ipAddress }, helloName, asked, state, isResumed: true };
}

const NOT_ENDED = { ended_at: null, code: null, message: null, answered: 0 } as const;

/** Keeps a session open for the next job. False: it cannot be reused, and has to be ended. */
export function keepForReuse({ ctx, input }: SiteCheck, key: string, { session, state, endpoint, helloName, asked, attempt }: Conversation): boolean {
  const { lingering } = ctx.sites;
  if (state === null || lingering === null || attempt.ended_at !== null || isOver(ctx) || asked >= input.addresses_per_connection) return false;
  const dialledAt = ctx.run.recorder.began + attempt.at_ms;
  const place = { host: endpoint.host, ipAddress: endpoint.ipAddress, port: attempt.port, tls: attempt.tls, helloName, asked };
  lingering.leave(key, { session, state, ...place, dialledAt, connectedAt: dialledAt + attempt.duration_ms });
  return true;
}
