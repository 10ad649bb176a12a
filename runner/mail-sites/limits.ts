import type { Limits } from "../limits/limits.js";
import { RequestError } from "../support/request-error.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Connections at once and addresses per second, in total and per mail site. Slow on purpose. */
const DEFAULTS = {
  GLOBAL_MAX_CONCURRENCY: 12,
  PER_MX_MAX_CONCURRENCY_DEFAULT: 2,
  GLOBAL_RPS: 6,
  PER_MX_RPS_DEFAULT: 1,
} as const;

type Name = keyof typeof DEFAULTS;

/** The limits in the environment; the defaults for those that it does not set. */
export function siteLimits(env: Environment): Limits {
  const [atOnce, eachAtOnce, perSecond, eachPerSecond] = (Object.keys(DEFAULTS) as Name[]).map((name) => numberOf(env, name)) as [
    number,
    number,
    number,
    number,
  ];
  return {
    all: { atOnce, rate: { perSecond, burst: Math.max(1, Math.floor(perSecond)) } },
    eachKey: { atOnce: eachAtOnce, rate: { perSecond: eachPerSecond, burst: Math.max(1, Math.floor(eachPerSecond)) } },
    keys: {},
  };
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
