import { newestFirst } from "../runner/harness/version.js";

/** A released version of a probe, and its present one; null if there is none. */
export interface Comparison {
  probe: string;
  released: string;
  now: string | null;
}

type Versions = Readonly<Record<string, readonly string[]>>;

/**
 * Every released version must still be served, unbroken. A version that is new in a major that was released promises what the
 * newest one before it promised: only a new major may break.
 */
export function versionsToCompare(released: Versions, now: Versions): Comparison[] {
  return Object.entries(released).flatMap(([probe, versions]) => {
    const served = now[probe] ?? [];
    const kept = versions.map((version): Comparison => ({ probe, released: version, now: served.includes(version) ? version : null }));
    const added = served.filter((version) => !versions.includes(version)).flatMap((version) => predecessorOf(probe, version, versions));
    return [...kept, ...added];
  });
}

function predecessorOf(probe: string, version: string, released: readonly string[]): Comparison[] {
  const major = version.split(".")[0];
  const earlier = released.filter((each) => each.split(".")[0] === major && newestFirst(each, version) > 0).sort(newestFirst);
  return earlier.slice(0, 1).map((each) => ({ probe, released: each, now: version }));
}
