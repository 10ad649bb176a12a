import type { BrowserGrant } from "./browser/capability.js";
import type { DeliveryGrant } from "./delivery/capability.js";
import { provide } from "./harness/capabilities.js";
import type { MemoryGrant } from "./harness/memory.js";
import type { SitesGrant } from "./mail-sites/capability.js";
import type { ResolverGrant } from "./net/dns/capability.js";
import { provideEncryptedQueries } from "./net/dns/encrypted-query.js";
import type { NtsGrant } from "./net/nts/capability.js";
import type { PingGrant } from "./net/ping/capability.js";
import type { TracerouteGrant } from "./net/traceroute/capability.js";
import type { TcpGrant } from "./net/transport/dial.js";
import type { TlsGrant } from "./net/transport/tls.js";
import type { UdpGrant } from "./net/udp/peer.js";
import type { ProgramGrant } from "./program/run-program.js";
import { monotonic, utc } from "./run/clock.js";

// The capabilities of probe-run: what a probe may list in `needs`, and what it then finds in its ctx. The entry points import this table.

declare module "./harness/capabilities.js" {
  interface Capabilities {
    /** Opens connections. */
    tcp: TcpGrant;
    /** Secures a connection. */
    tls: TlsGrant;
    /** Asks a host by datagrams. */
    udp: UdpGrant;
    /** Establishes keys for authenticated NTP. */
    nts: NtsGrant;
    /** Pings hosts. */
    ping: PingGrant;
    /** Traces paths. */
    traceroute: TracerouteGrant;
    /** Runs programs of the system. */
    program: ProgramGrant;
    /** Opens pages in a browser of the system. */
    browser: BrowserGrant;
    /** Queries name servers. */
    resolver: ResolverGrant;
    /** Remembers how mail sites behaved, and keeps to their limits. */
    sites: SitesGrant;
    /** Delivers messages to their recipients. */
    delivery: DeliveryGrant;
    clock: { now(): number; utc(): string };
    /** Keeps the state of a job from one run of it to the next. */
    memory: MemoryGrant;
  }
}

provide("tcp", async () => (await import("./net/transport/dial.js")).tcpGrant);
provide("tls", async () => (await import("./net/transport/tls.js")).tlsGrant);
provide("udp", async () => (await import("./net/udp/peer.js")).udpGrant);
provide("nts", async () => (await import("./net/nts/capability.js")).ntsGrant);
provide("ping", async () => (await import("./net/ping/capability.js")).pingGrant);
provide("traceroute", async () => (await import("./net/traceroute/capability.js")).tracerouteGrant);
provide("program", async () => (await import("./program/run-program.js")).programGrant);
provide("browser", async () => (await import("./browser/capability.js")).browserGrant);
provide("resolver", async () => (await import("./net/dns/capability.js")).resolverGrant);
provideEncryptedQueries(async () => (await import("./net/dns/ask-encrypted.js")).askEncrypted);
provide("sites", async () => (await import("./mail-sites/capability.js")).sitesGrant);
provide("delivery", async () => (await import("./delivery/capability.js")).deliveryGrant);
provide("clock", async () => () => ({ now: monotonic, utc: () => utc(monotonic()) }));
provide("memory", async () => (await import("./harness/memory.js")).memoryGrant);
