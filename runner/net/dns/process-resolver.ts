import { openOrWarn } from "../../sqlite/open-or-warn.js";
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
  return openOrWarn(
    path,
    "PROBE_RUN_DNS_CACHE",
    () => new SqliteSharedCache(path),
    () => null,
  );
}
