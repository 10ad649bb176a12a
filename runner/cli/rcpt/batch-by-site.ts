import type { Destinations } from "./destination.js";
import type { Entry } from "./list.js";

/** Addresses of one site that are checked in one run. */
export interface Portion {
  readonly site: string;
  readonly entries: readonly Entry[];
}

/** What one connection checks: no more than servers get from any sender, and little to repeat if the run is stopped. */
const PORTION = 10;
/** An address that is too long for the contract is cut, and then reported as invalid. */
export const MAX_CHARACTERS = 1024;
/** Domains that are looked up at a time. */
const LOOK_UPS = 20;

/** Groups addresses by site, in the order in which the sites are found. */
export async function portionsOf(entries: readonly Entry[], destinations: Destinations, signal: AbortSignal): Promise<Portion[]> {
  const sites = new Map<string, Entry[]>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let entry = entries[next++]; entry !== undefined && !signal.aborted; entry = entries[next++]) {
      const site = await destinations.siteOf(entry.email);
      const own = sites.get(site) ?? [];
      own.push(entry);
      sites.set(site, own);
    }
  };
  await Promise.all(Array.from({ length: LOOK_UPS }, worker));
  return [...sites].flatMap(([site, own]) => {
    own.sort((a, b) => a.line - b.line);
    return Array.from({ length: Math.ceil(own.length / PORTION) }, (_, index) => ({ site, entries: own.slice(index * PORTION, (index + 1) * PORTION) }));
  });
}
