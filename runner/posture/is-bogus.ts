import type { DnsInput } from "../../schemas/dns.js";
import { RECORD_TYPES } from "../../schemas/dns-types.js";
import type { ResolverGrant } from "../net/dns/capability.js";
import { RCODES } from "../net/dns/rcode.js";
import type { IsBogus } from "./dnssec/examine.js";

/** Asks the first name server again with validation switched off (CD): an answer to that is one whose signatures are wrong. */
export function isBogusBy(resolver: Pick<ResolverGrant, "ask" | "systemServers">, asking: Pick<DnsInput, "resolver" | "query_timeout_ms">): IsBogus {
  const server = asking.resolver?.servers[0] ?? resolver.systemServers()[0];
  return async (name, type) => {
    const number = (RECORD_TYPES as Readonly<Record<string, number>>)[type];
    if (server === undefined || number === undefined) return null;
    const { message } = await resolver.ask(server, { name, type: number }, { ...OPTIONS, timeoutMs: asking.query_timeout_ms });
    return message === null ? null : message.rcode === RCODES.noError || message.rcode === RCODES.noSuchName;
  };
}

const OPTIONS = {
  transport: "auto",
  recursion: true,
  dnssec: true,
  checkingDisabled: true,
  ednsBytes: 1232,
  tries: 2,
  tls: { verify: "report", min_version: "TLSv1.2", warn_days: 14 },
} as const;
