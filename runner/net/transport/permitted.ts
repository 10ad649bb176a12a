import { failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import { parseServer } from "../dns/server-address.js";
import type { Address } from "./address.js";

type Targets = Pick<WireRun, "targets">;

/** The addresses that the run may connect to. Throws a FailureError if it may connect to none. `host` is the name they were looked up for, if any. */
export function permittedAddresses({ targets }: Targets, addresses: readonly Address[], host: string | null): readonly Address[] {
  if (targets === null) return addresses;
  const permitted = addresses.filter(({ address }) => targets.allows(address, host));
  if (permitted.length === 0) throw failureError("connect", "not_permitted", [...targets.refusals].join("; "));
  return permitted;
}

/** Without the addresses that `refuse` has a reason against. Throws a FailureError with the first reason if none is left. */
export function notRefused(refuse: ((address: string) => string | null) | undefined, addresses: readonly Address[]): readonly Address[] {
  if (refuse === undefined) return addresses;
  const reasons = addresses.map(({ address }) => refuse(address));
  const allowed = addresses.filter((_, index) => reasons[index] === null);
  if (allowed.length === 0) throw failureError("connect", "not_permitted", reasons[0] as string);
  return allowed;
}

/** Throws a FailureError unless the run may query all these name servers. Null and undefined mean the system's, which no input chose. */
export function requirePermittedServers({ targets }: Targets, servers: readonly string[] | undefined): void {
  if (targets === null || servers === undefined) return;
  const refused = servers.filter((server) => !targets.allows(parseServer(server).address, null));
  if (refused.length > 0) throw failureError("resolve", "not_permitted", [...targets.refusals].join("; "));
}
