import { RequestError } from "../support/request-error.js";
import type { Limit, Limits } from "./limits.js";

/**
 * Parses limits: `50` at once, `100/s` or `30/min` as a rate, both as `50,100/s`, and `burst 10` as the size of the bucket. They apply to all jobs
 * together, after `key=` to each key, and after `key:NAME=` to one key.
 */
export function parseLimits(written: readonly string[]): Limits {
  let all: Limit | null = null;
  let eachKey: Limit | null = null;
  const keys: Record<string, Limit> = {};
  for (const text of written) {
    const [, target = "", rest = text] = /^(key(?::.+)?)=([^=]*)$/s.exec(text) ?? [];
    const limit = parseLimit(rest, text);
    if (target === "") all = limit;
    else if (target === "key") eachKey = limit;
    else Object.defineProperty(keys, target.slice("key:".length), { value: limit, enumerable: true });
  }
  return { all, eachKey, keys };
}

function parseLimit(rest: string, whole: string): Limit {
  let atOnce: number | null = null;
  let perSecond: number | null = null;
  let burst: number | null = null;
  for (const part of rest.split(",").map((each) => each.trim())) {
    const [, number = "", unit = ""] = /^(?:burst )?(\d+(?:\.\d+)?)(\/s|\/min)?$/.exec(part) ?? [];
    const value = Number(number);
    if (number === "" || value <= 0) throw notALimit(whole);
    if (part.startsWith("burst ")) burst = value;
    else if (unit === "") atOnce = value;
    else perSecond = unit === "/s" ? value : value / 60;
  }
  const isWhole = [atOnce, burst].every((value) => value === null || Number.isInteger(value));
  if (!isWhole || (burst !== null && perSecond === null)) throw notALimit(whole);
  // By default one second's worth; a bucket that holds less than one token would never let anything pass.
  return { atOnce, rate: perSecond === null ? null : { perSecond, burst: burst ?? Math.max(1, Math.floor(perSecond)) } };
}

function notALimit(whole: string): RequestError {
  return new RequestError(`${JSON.stringify(whole)} is no limit`, "usage", [
    {
      pointer: "",
      message: "a limit is how many at once (50), a rate (100/s, 30/min), or both (50,100/s,burst 10)",
      hint: "key=5 for each key, key:mx.example.org=1/s for one",
    },
  ]);
}
