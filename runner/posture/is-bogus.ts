import type { DnsInput } from "../../schemas/dns.js";
import { RECORD_TYPES } from "../../schemas/dns-types.js";
import type { ResolverGrant } from "../net/dns/capability.js";
import { RCODES } from "../net/dns/rcode.js";
import type { DnsMessage } from "../net/dns/wire/message.js";
import type { IsBogus } from "./dnssec/examine.js";

type Asking = Pick<DnsInput, "resolver" | "query_timeout_ms">;
type Ask = (name: string, type: number, checkingDisabled: boolean) => Promise<DnsMessage | null>;

/**
 * Asks the first name server again, with validation switched off (CD) and with it: signatures are wrong if only the first is answered, and the zone is
 * signed. A server that is overloaded fails now and then whatever the zone.
 */
export function isBogusBy(resolver: Pick<ResolverGrant, "ask" | "systemServers">, asking: Asking): IsBogus {
  const server = asking.resolver?.servers[0] ?? resolver.systemServers()[0];
  return async (name, type) => {
    const number = (RECORD_TYPES as Readonly<Record<string, number>>)[type];
    if (server === undefined || number === undefined) return null;
    const ask: Ask = async (at, numberOfType, checkingDisabled) =>
      (await resolver.ask(server, { name: at, type: numberOfType }, { ...OPTIONS, checkingDisabled, timeoutMs: asking.query_timeout_ms })).message;
    const unchecked = await ask(name, number, true);
    if (unchecked === null) return null;
    if (!isAnswer(unchecked) || isAnswer(await ask(name, number, false))) return false;
    return holds(unchecked, "RRSIG") || (await isBelowSigner(name, ask));
  };
}

function isAnswer(message: DnsMessage | null): boolean {
  return message?.rcode === RCODES.noError || message?.rcode === RCODES.noSuchName;
}

function holds({ answers, authorities }: DnsMessage, type: "RRSIG" | "DS"): boolean {
  return [...answers, ...authorities].some((record) => record.type === RECORD_TYPES[type]);
}

/** A registry holds DS records for the zone, whose signatures are missing. */
async function isBelowSigner(name: string, ask: Ask): Promise<boolean> {
  const labels = name.replace(/\.$/, "").split(".");
  const zones = labels.map((_label, index) => labels.slice(index).join(".")).slice(-MAX_ZONES, -1);
  for (const zone of zones) {
    const reply = await ask(zone, RECORD_TYPES.DS, true);
    if (reply !== null && holds(reply, "DS")) return true;
  }
  return false;
}

/** From the name up to the label below a top-level domain. */
const MAX_ZONES = 6;

const OPTIONS = {
  transport: "auto",
  recursion: true,
  dnssec: true,
  ednsBytes: 1232,
  tries: 2,
  tls: { verify: "report", min_version: "TLSv1.2", warn_days: 14 },
} as const;
