import { Resolver } from "../../net/dns/resolver.js";
import { outgoingAddress } from "../../net/transport/local-address.js";
import { reaches } from "../../net/transport/port-check.js";
import { type Check, check } from "./check.js";

export interface NetworkQuestion {
  /** Name servers instead of the system's. */
  readonly servers: readonly string[];
  /** A domain that is signed with DNSSEC. */
  readonly signedName: string;
  /** The mail host whose port 25 is tested; null for none. */
  readonly host: string | null;
  readonly port: number;
  readonly timeoutMs: number;
}

/** The resolver, the routes, and port 25 of a given host. */
export async function networkChecks(question: NetworkQuestion): Promise<Check[]> {
  const [resolver, ipv4, ipv6, port] = await Promise.all([resolverChecks(question), routeCheck(4), routeCheck(6), portCheck(question)]);
  return [...resolver, ipv4, ipv6, port];
}

/** The AD bit shows that the resolver validates; over an untrusted network it proves nothing. */
async function resolverChecks({ servers, signedName, timeoutMs }: NetworkQuestion): Promise<Check[]> {
  const options = { ...(servers.length === 0 ? {} : { servers }), timeoutMs, cache: "off" as const, dnssec: true };
  const { outcome, authenticated, server, problem } = await new Resolver().query(signedName, "SOA", options);
  if (outcome !== "found") {
    const message = `no SOA record of ${signedName}: ${problem ?? outcome}`;
    return [
      check("Resolver", "error", message, "check the name servers in /etc/resolv.conf, or give --resolver"),
      check("DNSSEC", "note", "not checked: the resolver did not answer"),
    ];
  }
  const advice = "run a validating resolver on this machine, such as unbound, and name it in /etc/resolv.conf: without one DANE is not used";
  return [
    check("Resolver", "ok", `${server ?? "the system"} answers`),
    authenticated
      ? check("DNSSEC", "ok", `the resolver validates: ${signedName} is authenticated`)
      : check("DNSSEC", "warning", `the resolver does not validate ${signedName}`, advice),
  ];
}

async function routeCheck(family: 4 | 6): Promise<Check> {
  const address = await outgoingAddress(family);
  if (address !== null) return check(`IPv${family}`, "ok", `connections leave from ${address}`);
  const advice =
    family === 6 ? "hosts with IPv6 addresses only cannot be reached; ask your provider for IPv6" : "hosts with IPv4 addresses only cannot be reached";
  return check(`IPv${family}`, "warning", "no route to the internet", advice);
}

async function portCheck({ host, port, timeoutMs }: NetworkQuestion): Promise<Check> {
  const name = `Port ${port} out`;
  if (host === null) return check(name, "note", "not tried", "give --host HOST with a mail host that you may connect to");
  if (await reaches([{ host, port }], timeoutMs)) return check(name, "ok", `${host} accepts connections`);
  const advice = "if the host is up, a firewall or your provider blocks the port: many do, and open it on request";
  return check(name, "error", `no connection to ${host} within ${timeoutMs} ms`, advice);
}
