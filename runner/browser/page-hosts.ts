import { addressUse } from "../net/transport/address-policy.js";

export interface PageHostsInput {
  /** Hosts that the input names: they may be anywhere. */
  readonly namedHosts: readonly string[];
  /** Other hosts that may be reached; null: all that are public. */
  readonly allowedHosts: readonly string[] | null;
  readonly allowPrivate: boolean;
}

export interface PageHosts {
  readonly isNamed: (host: string) => boolean;
  /** Why a host must not be reached; null if it may. */
  readonly refuseHost: (host: string) => string | null;
  /** Why a host must not be reached at this address, which a look-up of it has just found; null if it may. */
  readonly refuseAddress: (host: string, address: string) => string | null;
}

/** Which hosts the pages of one run may reach, and at which addresses. */
export function pageHosts({ namedHosts, allowedHosts, allowPrivate }: PageHostsInput): PageHosts {
  const named = new Set(namedHosts.map((host) => host.toLowerCase()));
  const isNamed = (host: string): boolean => named.has(host.toLowerCase());
  const allowed = allowedHosts?.map((host) => host.toLowerCase()) ?? null;
  const published = new Set<string>();
  return {
    isNamed,
    refuseHost: (host) => (isNamed(host) || allowed === null || allowed.some((each) => covers(each, host)) ? null : `${host} is not one of allowed_hosts`),
    refuseAddress(host, address) {
      if (allowPrivate) return null;
      const { scope } = addressUse(address);
      if (scope === "global") published.add(host.toLowerCase());
      // With another answer of its DNS, the scripts of its page would read what is at an address of this network, as from their own host.
      return isNamed(host) && !published.has(host.toLowerCase()) ? null : refusalOf(host, address);
    },
  };
}

/** *.example.org covers all hosts below example.org. */
function covers(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host;
}

/** A page names hosts: one may lead to this machine, its neighbours or a cloud's metadata service. */
function refusalOf(host: string, address: string): string | null {
  const { scope, standard } = addressUse(address);
  return scope === "global" ? null : `${host} has the address ${address}, which is not public (${scope}, ${standard}); allow_private allows it`;
}
