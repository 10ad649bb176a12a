import type { SiteSummary } from "./profile.js";

export interface Asked {
  readonly connect_timeout_ms: number;
  readonly command_timeout_ms: number;
}

/** How a site is treated, after what it was like. Never more patient than was asked for. */
export interface SiteTimeouts extends Asked {
  /** How many addresses of mail hosts are tried, and connected to again, once one has failed. */
  readonly retries: number;
  /** One more address is asked for, which nobody has. */
  readonly mayAskRandom: boolean;
}

/** A site that always answered within milliseconds and now is silent for so long does not answer any more. */
const FAST_LEAST_MS = 3000;
const FAST_TIMES_P95 = 20;
/** A tarpit holds whoever waits: half of the patience is enough to see whether it still is one. */
const TARPIT_SHARE = 0.5;
const RETRIES = 4;

export function timeoutsFor({ profile, latencyP95Ms }: SiteSummary, asked: Asked): SiteTimeouts {
  switch (profile) {
    case "fast": {
      const enough = Math.max(FAST_LEAST_MS, FAST_TIMES_P95 * (latencyP95Ms ?? 0));
      return { ...asked, command_timeout_ms: Math.min(asked.command_timeout_ms, Math.ceil(enough)), retries: RETRIES, mayAskRandom: true };
    }
    case "tarpit":
      return {
        connect_timeout_ms: Math.ceil(asked.connect_timeout_ms * TARPIT_SHARE),
        command_timeout_ms: Math.ceil(asked.command_timeout_ms * TARPIT_SHARE),
        retries: 0,
        mayAskRandom: false,
      };
    case "refusing":
      return { ...asked, retries: 0, mayAskRandom: false };
    default:
      return { ...asked, retries: RETRIES, mayAskRandom: true };
  }
}
