import type { SitesGrant } from "./behaviour/grant.js";
import { monotonic, utc } from "./clock.js";
import type { Grant, RunState } from "./context.js";
import type { DeliveryGrant } from "./delivery/grant.js";
import type { MemoryGrant } from "./memory.js";
import type { TcpGrant } from "./net/dial.js";
import type { ResolverGrant } from "./net/dns/grant.js";
import type { TlsGrant } from "./net/tls.js";

/** What a probe may ask for, and what it is handed for it. */
export interface Grants {
  /** Opens connections. */
  tcp: TcpGrant;
  /** Secures a connection. */
  tls: TlsGrant;
  /** Asks name servers. */
  resolver: ResolverGrant;
  /** Knows what mail sites were like, and whether they may be asked at all. */
  sites: SitesGrant;
  /** Brings messages to their recipients. */
  delivery: DeliveryGrant;
  clock: { now(): number; utc(): string };
  /** Remembers, from one run of a job to the next, how far it has come. */
  memory: MemoryGrant;
}

export type Need = keyof Grants;

/** Makes a run's own grant out of its state. */
type Grantor = (state: RunState) => unknown;

// Each is imported when a probe that needs it is loaded: start-up pays only for what the command uses.
const GRANTORS: { readonly [N in Need]: () => Promise<Grantor> } = {
  tcp: async () => (await import("./net/dial.js")).tcpGrant,
  tls: async () => (await import("./net/tls.js")).tlsGrant,
  resolver: async () => (await import("./net/dns/grant.js")).resolverGrant,
  sites: async () => (await import("./behaviour/grant.js")).sitesGrant,
  delivery: async () => (await import("./delivery/grant.js")).deliveryGrant,
  clock: async () => () => ({ now: monotonic, utc: () => utc(monotonic()) }),
  memory: async () => (await import("./memory.js")).memoryGrant,
};

export const NEEDS = Object.keys(GRANTORS) as Need[];

/** Loads the grantors of these needs; the result adds the grants of one run to its ctx. */
export async function grantorOf(needs: readonly Need[]): Promise<Grant> {
  const grantors = await Promise.all(needs.map(async (need) => [need, await GRANTORS[need]()] as const));
  return (context, state) => {
    for (const [need, grantor] of grantors) (context as Record<string, unknown>)[need] = grantor(state);
  };
}
