import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { monotonic } from "../../run/clock.js";

/** Addresses by name, in lower case. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** RFC 6761, section 6.3: localhost is this machine, and no name server is asked for it. */
export function isLocalhost(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

export const LOOPBACK: readonly string[] = ["127.0.0.1", "::1"];

/** What this machine's own table of hosts says of a name; null when it says nothing. */
export function addressesFromHosts(name: string): readonly string[] | null {
  if (monotonic() >= freshUntil) {
    known = readHosts();
    freshUntil = monotonic() + FRESH_MS;
  }
  return known.get(name) ?? null;
}

const FRESH_MS = 5000;
const PATH = process.platform === "win32" ? `${process.env.SystemRoot ?? "C:\\Windows"}\\System32\\drivers\\etc\\hosts` : "/etc/hosts";
let known: Hosts = new Map();
let freshUntil = 0;

function readHosts(): Hosts {
  try {
    return hostsIn(readFileSync(PATH, "utf8"));
  } catch {
    return new Map();
  }
}

export function hostsIn(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) addTo(hosts, name.toLowerCase(), address);
  }
  return hosts;
}

function addTo(hosts: Map<string, string[]>, name: string, address: string): void {
  const addresses = hosts.get(name);
  if (addresses === undefined) hosts.set(name, [address]);
  else if (!addresses.includes(address)) addresses.push(address);
}
