import { round } from "../../runner/run/clock.js";
import type { Visiting } from "./check-site.js";
import type { Speaker } from "./decide.js";
import { isOver, type Visit } from "./evidence.js";
import type { Conversation } from "./mx-connector.js";

/** Everything in which two sessions may differ. Mail hosts and not the site: those of one site may serve different domains. */
export function sessionKey({ input, identity }: Visiting, doors: readonly Speaker[]): string {
  return JSON.stringify([doors, input.mx_port, identity.name, input.tls, input.source_address ?? null]);
}

/** Goes on with a session that an earlier job of this process left open; null when there is none. */
export function resume({ ctx, evidence, patience }: Visiting, key: string): Conversation | null {
  const left = ctx.sites.lingering?.take(key) ?? null;
  if (left === null) return null;
  const { session, state, host, ipAddress, port, helloName, asked, dialledAt, connectedAt, tls } = left;
  session.options.command_timeout_ms = patience.command_timeout_ms;
  // Dialled before this run began: at a time below 0.
  const times = { at_ms: round(dialledAt - ctx.tcp.state.recorder.began), duration_ms: round(connectedAt - dialledAt) };
  const visit: Visit = { mx_host: host, ip_address: ipAddress, port, ...times, outcome: "connected", error: null, tls, ...NOT_ENDED };
  evidence.attempts.push(visit);
  evidence.helo_domain = helloName;
  return { session, visit, door: { host, ipAddress }, helloName, asked, state, isResumed: true };
}

const NOT_ENDED = { ended_at: null, code: null, message: null, answered: 0 } as const;

/** Leaves a session to the next job, where there may be one. False: it is not fit for that, and to be ended. */
export function leaveOpen({ ctx, input }: Visiting, key: string, { session, state, door, helloName, asked, visit }: Conversation): boolean {
  const { lingering } = ctx.sites;
  if (state === null || lingering === null || visit.ended_at !== null || isOver(ctx) || asked >= input.addresses_per_connection) return false;
  const dialledAt = ctx.tcp.state.recorder.began + visit.at_ms;
  const place = { host: door.host, ipAddress: door.ipAddress, port: visit.port, tls: visit.tls, helloName, asked };
  lingering.leave(key, { session, state, ...place, dialledAt, connectedAt: dialledAt + visit.duration_ms });
  return true;
}
