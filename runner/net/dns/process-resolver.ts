import { Resolver } from "./resolver.js";
import { SqliteSharedCache } from "./shared-cache.js";

let resolver: Resolver | null = null;

/** The resolver that all runs of this process share. PROBE_RUN_DNS_CACHE names a file that several processes share as well. */
export function processResolver(): Resolver {
  resolver ??= new Resolver({ shared: openShared(process.env.PROBE_RUN_DNS_CACHE) });
  return resolver;
}

function openShared(path: string | undefined): SqliteSharedCache | null {
  if (path === undefined || path === "") return null;
  try {
    return new SqliteSharedCache(path);
  } catch (error) {
    throw new Error(`PROBE_RUN_DNS_CACHE: ${path} cannot be used: ${(error as Error).message}. Name a file that this user can write`, { cause: error });
  }
}
