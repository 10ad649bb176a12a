import type { Limit, Limits } from "../limits/limits.js";
import { RequestError } from "../support/request-error.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Connections at once and addresses per second, in total and per mail site. Deliberately slow. */
const DEFAULTS = {
  GLOBAL_MAX_CONCURRENCY: 12,
  PER_MX_MAX_CONCURRENCY_DEFAULT: 2,
  GLOBAL_RPS: 6,
  PER_MX_RPS_DEFAULT: 1,
} as const;

type Name = keyof typeof DEFAULTS;

/** The limits in the environment, with defaults. */
export function siteLimits(env: Environment): Limits {
  const [atOnce, eachAtOnce, perSecond, eachPerSecond] = (Object.keys(DEFAULTS) as Name[]).map((name) => numberOf(env, name)) as [
    number,
    number,
    number,
    number,
  ];
  return {
    all: { atOnce, rate: { perSecond, burst: Math.max(1, Math.floor(perSecond)) } },
    // No burst: the addresses of a batch are spread out, and the next batch must not overlap.
    eachKey: { atOnce: eachAtOnce, rate: { perSecond: eachPerSecond, burst: 1 } },
    keys: {},
  };
}

/** The limits that apply to a site, by the names under which processes share them. */
export function limitsOf({ all, eachKey, keys }: Limits, site: string): [key: string, limit: Limit][] {
  const own = keys[site] ?? eachKey;
  return [...(all === null ? [] : [["all", all] as [string, Limit]]), ...(own === null ? [] : [[`site ${site}`, own] as [string, Limit]])];
}

/** An SMTP server waits five minutes for the next command (RFC 5321, section 4.5.3.2), and busy ones less. */
const MAX_INTERVAL_MS = 60_000;
/** For random addresses and retries within a batch. */
const EXTRA_QUESTIONS = 10;
const USUAL_TIMEOUT_MS = 60_000;

/** The pace of a batch under its site's rate, and the time that it needs. Zero without a rate. */
export function paceOf(limits: Limits, site: string, addresses: number): { interval_ms?: number; timeout_ms?: number } {
  const rate = (limits.keys[site] ?? limits.eachKey)?.rate;
  if (rate === undefined || rate === null) return {};
  const interval = Math.min(MAX_INTERVAL_MS, Math.ceil(1000 / rate.perSecond));
  return { interval_ms: interval, timeout_ms: USUAL_TIMEOUT_MS + (addresses + EXTRA_QUESTIONS) * interval };
}

/** True if the environment sets any limit. */
export function namesLimits(env: Environment): boolean {
  return Object.keys(DEFAULTS).some((name) => (env[name] ?? "") !== "");
}

function numberOf(env: Environment, name: Name): number {
  const written = env[name]?.trim() ?? "";
  if (written === "") return DEFAULTS[name];
  const value = /^\d+(?:\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
  const isCount = name.includes("CONCURRENCY");
  if (value > 0 && (!isCount || Number.isInteger(value))) return value;
  throw new RequestError(`${name} must be ${isCount ? "a whole number" : "a number"} above 0, not ${JSON.stringify(written)}`, "usage", []);
}
