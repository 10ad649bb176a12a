import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns";
import type { Host } from "../../../schemas/host.js";
import type { NetworkInput } from "../../../schemas/network.js";
import { type FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import { keepConnectionsFor } from "../dns/encrypted-query.js";
import type { Address } from "./address.js";
import { failureOf } from "./classify-error.js";
import { requirePermittedServers } from "./permitted.js";

export type AddressOptions = Pick<NetworkInput, "address_family" | "resolver" | "source_address">;

/** The addresses of a host, in the order in which to dial them. Only a look-up is an operation: an address needs none. */
export async function resolveHost(state: WireRun, host: Host, options: AddressOptions, timeoutMs: number): Promise<Address[]> {
  if (host.kind === "address") return [{ address: host.host, family: host.family }];
  requirePermittedServers(state, options.resolver?.servers);
  const { recorder } = state;
  const operation = recorder.begin("resolve");
  try {
    const servers = options.resolver?.servers;
    keepConnectionsFor(state.deadline, servers);
    const found = await bounded(state, timeoutMs, (signal) =>
      servers === undefined ? bySystem(host.host) : byServers(host.host, servers, options, timeoutMs, signal),
    );
    const addresses = interleave(found.filter((entry) => isWanted(entry, options)));
    if (addresses.length === 0)
      throw failureError("resolve", "dns_not_found", `${host.host} has no ${options.address_family === "any" ? "" : `${options.address_family} `}address`);
    recorder.end(operation, null, addresses.map((entry) => entry.address).join(" "));
    return addresses;
  } catch (error) {
    recorder.end(operation);
    throw error;
  }
}

function isWanted(entry: Address, options: AddressOptions): boolean {
  return options.address_family === "any" || entry.family === (options.address_family === "ipv6" ? 6 : 4);
}

/** RFC 8305, section 4: the families take turns, beginning with the one that the resolver put first. */
export function interleave(addresses: readonly Address[]): Address[] {
  const first = addresses.filter((entry) => entry.family === addresses[0]?.family);
  const second = addresses.filter((entry) => entry.family !== addresses[0]?.family);
  return first.flatMap((entry, index) => (second[index] === undefined ? [entry] : [entry, second[index]])).concat(second.slice(first.length));
}

function bySystem(name: string): Promise<Address[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true, verbatim: true }, (error, found: LookupAddress[]) => {
      if (error) reject(failureOfLookup(error));
      else resolve(found as Address[]);
    });
  });
}

/** Asks the given servers. The DNS client is loaded only for this. */
async function byServers(name: string, servers: readonly string[], options: AddressOptions, timeoutMs: number, signal: AbortSignal): Promise<Address[]> {
  const { addressesByServers } = await import("../dns/addresses-by-servers.js");
  const families: (4 | 6)[] = options.address_family === "any" ? [6, 4] : [options.address_family === "ipv6" ? 6 : 4];
  return addressesByServers(name, { servers, families, timeoutMs, signal });
}

/** That a name server's port is closed, or another fault of the resolver's own, says nothing of the target. */
function failureOfLookup(error: NodeJS.ErrnoException): FailureError {
  const known = failureOf("resolve", error);
  const isOfTheResolver = known.failure.code === "refused" || known.failure.code === "unknown";
  return isOfTheResolver ? failureError("resolve", "dns_failure", `no answer from a name server (${error.code ?? error.message})`) : known;
}

/** A lookup ends with its timeout and with the run, even if the resolver itself cannot be cancelled. */
function bounded<Result>(state: WireRun, timeoutMs: number, look: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  return new Promise((resolve, reject) => {
    const stopWaiting = startTimeout(timeoutMs, () => finish(() => reject(failureError("resolve", "timeout", `no answer within ${timeoutMs} ms`))));
    const forget = state.deadline.onEnd((reason) => finish(() => reject(failureError("resolve", reason, ENDED[reason]))));
    const finish = (settle: () => void): void => {
      stopWaiting();
      forget();
      settle();
      stop.abort();
    };
    look(stop.signal).then(
      (result) => finish(() => resolve(result)),
      (error) => finish(() => reject(error)),
    );
  });
}
