import { getServers } from "node:dns";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { monotonic } from "../../run/clock.js";
import { parseServer, type ServerAddress, serverAt } from "./server-address.js";

/** The name servers of this machine. They are looked up again now and then: a worker outlives a change of networks. */
export function systemServers(): readonly ServerAddress[] {
  if (monotonic() < freshUntil) return known;
  known = readServers();
  freshUntil = monotonic() + FRESH_MS;
  return known;
}

const FRESH_MS = 5000;
let known: readonly ServerAddress[] = [];
let freshUntil = 0;

function readServers(): readonly ServerAddress[] {
  let text: string;
  try {
    text = readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    // Systems without that file keep their servers elsewhere. Node asks them once, at its start.
    return getServers().map(parseServer);
  }
  return serversIn(text);
}

/** The servers in a resolv.conf. Its search list is not used: every name is complete. */
export function serversIn(resolvConf: string): readonly ServerAddress[] {
  const servers: ServerAddress[] = [];
  for (const line of resolvConf.split("\n")) {
    const [keyword, address = ""] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && isIP(address) !== 0) servers.push(serverAt(address));
  }
  // What resolv.conf(5) says of a file that names none.
  return servers.length > 0 ? servers : [serverAt("127.0.0.1")];
}
