import type { Limit, Limits } from "../../limits/limits.js";

/** As the claim script reads them: what is null is left out, for JSON's null is no nil in Lua. */
export function encodeLimits({ all, eachKey, keys }: Limits): string {
  return JSON.stringify({
    all: encode(all),
    each: encode(eachKey),
    keys: Object.fromEntries(Object.entries(keys).map(([key, limit]) => [key, encode(limit)])),
    keyed: eachKey !== null || Object.keys(keys).length > 0,
  });
}

function encode(limit: Limit | null): object | undefined {
  if (limit === null) return undefined;
  const { atOnce, rate } = limit;
  return { ...(atOnce === null ? {} : { atOnce }), ...(rate ?? {}) };
}
