import type { SiteSummary } from "./profile.js";

export interface Asked {
  readonly connect_timeout_ms: number;
  readonly command_timeout_ms: number;
}

/** Timeouts and retries by the site's profile, never longer than the input allows. */
export interface SiteTimeouts extends Asked {
  /** How many addresses of mail hosts are tried after a failure, and how many connections are retried. */
  readonly retries: number;
  /** Whether a random address may be checked. */
  readonly mayAskRandom: boolean;
}

/** A site that has always replied within milliseconds will not reply after this long. */
const FAST_LEAST_MS = 3000;
const FAST_TIMES_P95 = 20;
/** A tarpit wastes the client's time: half of the timeout shows whether it still is one. */
const TARPIT_SHARE = 0.5;
const RETRIES = 4;

export function timeoutsFor({ profile, latencyP95Ms }: SiteSummary, { connect_timeout_ms, command_timeout_ms }: Asked): SiteTimeouts {
  switch (profile) {
    case "fast": {
      const enough = Math.max(FAST_LEAST_MS, FAST_TIMES_P95 * (latencyP95Ms ?? 0));
      return { connect_timeout_ms, command_timeout_ms: Math.min(command_timeout_ms, Math.ceil(enough)), retries: RETRIES, mayAskRandom: true };
    }
    case "tarpit":
      return {
        connect_timeout_ms: Math.ceil(connect_timeout_ms * TARPIT_SHARE),
        command_timeout_ms: Math.ceil(command_timeout_ms * TARPIT_SHARE),
        retries: 0,
        mayAskRandom: false,
      };
    case "refusing":
      return { connect_timeout_ms, command_timeout_ms, retries: 0, mayAskRandom: false };
    default:
      return { connect_timeout_ms, command_timeout_ms, retries: RETRIES, mayAskRandom: true };
  }
}
