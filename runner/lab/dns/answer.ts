import { AUTHENTIC_DATA, type DecodedPacket, type Packet, RECURSION_AVAILABLE, RECURSION_DESIRED } from "dns-packet";
import { isWithin } from "../../net/dns/name.js";
import { RCODES } from "../../net/dns/rcode.js";
import type { WireRecord } from "../../net/dns/records.js";
import type { Zone } from "./zone.js";

const MAX_ALIASES = 8;

/** What a resolver that knows these zones, and no others, says to a query. */
export function answerFrom(zones: readonly Zone[], query: DecodedPacket, isAuthenticated: boolean): Packet {
  const [question] = query.questions ?? [];
  const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | (isAuthenticated ? AUTHENTIC_DATA : 0);
  const reply = { type: "response", id: query.id, questions: query.questions, additionals: query.additionals } as const;
  if (question === undefined) return { ...reply, flags: flags | RCODES.formatError };
  const found = lookUp(zones, question.name.toLowerCase(), question.type);
  return { ...reply, flags: flags | found.rcode, answers: found.answers, authorities: found.authorities };
}

interface Found {
  rcode: number;
  answers: WireRecord[];
  authorities: WireRecord[];
}

function lookUp(zones: readonly Zone[], asked: string, type: string): Found {
  const found: Found = { rcode: RCODES.noError, answers: [], authorities: [] };
  let name = asked;
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
    const zone = zoneOf(zones, name);
    if (zone === undefined) return aliases === 0 ? { ...found, rcode: RCODES.refused } : found;
    const here = recordsAt(zone, name);
    const wanted = here.filter((record) => record.type === type);
    const alias = here.find((record) => record.type === "CNAME");
    found.answers.push(...(wanted.length > 0 || alias === undefined ? wanted : [alias]));
    if (wanted.length > 0) return found;
    if (alias?.type !== "CNAME")
      return { ...found, rcode: here.length > 0 || exists(zone, name) ? RCODES.noError : RCODES.noSuchName, authorities: soaOf(zone) };
    name = String(alias.data);
  }
  return found;
}

/** The zone that holds a name: the one with the longest name, where several would. */
function zoneOf(zones: readonly Zone[], name: string): Zone | undefined {
  return zones.filter(({ origin }) => isWithin(name, origin)).sort((a, b) => b.origin.length - a.origin.length)[0];
}

/** The records of a name; of one that does not exist, those of the wildcard below its closest ancestor that does (RFC 4592). */
function recordsAt(zone: Zone, name: string): WireRecord[] {
  if (exists(zone, name)) return zone.records.filter((record) => record.name === name);
  const labels = name.split(".");
  const above = labels.map((_, index) => labels.slice(index + 1).join(".")).find((ancestor) => ancestor === zone.origin || exists(zone, ancestor)) ?? "";
  return zone.records.filter((record) => record.name === (above === "" ? "*" : `*.${above}`)).map((record) => ({ ...record, name }));
}

/** A name without records also exists if there are names below it (RFC 8020). */
function exists(zone: Zone, name: string): boolean {
  return zone.records.some((record) => isWithin(record.name, name));
}

function soaOf(zone: Zone): WireRecord[] {
  return zone.records.filter(({ type }) => type === "SOA");
}
