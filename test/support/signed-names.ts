import { AUTHENTIC_DATA } from "dns-packet";
import { type DnsBehaviour, type DnsServer, startDnsServer } from "../../runner/lab/dns-server.js";
import { showTlsa } from "../../runner/tls-policy/dane/tlsa.js";
import type { Tlsa } from "../../runner/tls-policy/policy.js";

export interface SignedNamesOptions {
  /** Of a master file, names absolute. Everything of `example.org` and of `example.net` is said to be authenticated. */
  records: readonly string[];
  /** Names below which nothing is signed. */
  unsigned?: readonly string[];
  /** Another behaviour for certain queries, such as "TLSA _25._tcp.mx.example.org". */
  troubles?: Readonly<Record<string, DnsBehaviour>>;
}

/** A name server that behaves as a validating resolver, as far as a client can tell. */
export function startSignedNames({ records, unsigned = [], troubles = {} }: SignedNamesOptions): Promise<DnsServer> {
  return startDnsServer({
    zones: ["org", "net", "jp"].map((zone) =>
      [`${zone}. 60 SOA ns.${zone}. hostmaster.${zone}. 1 3600 600 86400 60`, ...records.filter(isIn(zone))].join("\n"),
    ),
    authenticated: true,
    behave: ({ name, type }) => troubles[`${type} ${name}`] ?? (unsigned.some((each) => isBelow(name, each)) ? UNSIGNED : undefined),
  });
}

export const SERVFAIL: DnsBehaviour = { rcode: 2 };

/** An answer without the AD flag. */
export const UNSIGNED: DnsBehaviour = { edit: (reply) => ({ ...reply, flags: (reply.flags ?? 0) & ~AUTHENTIC_DATA }) };

/** As a line of a master file. */
export function tlsaLine(owner: string, record: Tlsa): string {
  return `${owner}. TLSA ${showTlsa(record)}`;
}

function isIn(zone: string): (line: string) => boolean {
  return (line) => isBelow(line.split(/\s/)[0]?.replace(/\.$/, "") ?? "", zone);
}

function isBelow(name: string, parent: string): boolean {
  return name === parent || name.endsWith(`.${parent}`);
}
