import type { PlannedItem } from "./plan.js";
import { ZONE_TTL, zoneLine } from "./record.js";

/** How a zone begins: its name servers, the first of which is the primary, and when it was made. */
export interface ZoneHead {
  readonly nameServers: readonly string[];
  readonly date: Date;
}

/**
 * A zone file, or lines to add to one where no head is given. A name server takes no record whose name lies outside of the zone: those
 * stand in a section of their own, each as a comment.
 */
export function zoneText(domain: string, items: readonly PlannedItem[], remarks: readonly string[], head: ZoneHead | null): string {
  const inside = items.filter(({ record }) => isWithin(record.name, domain));
  const outside = items.filter(({ record }) => !isWithin(record.name, domain));
  const lines = [
    ...(head === null ? [`; Add these lines to the zone of ${domain}.`] : headOf(domain, head)),
    ...inside.flatMap(({ record, why }) => [`; ${why}`, zoneLine(record)]),
    ...(outside.length === 0 ? [] : ["", `; Outside of ${domain}: add these lines, without the semicolon, to the zone that holds each name. A PTR record`]),
    ...(outside.length === 0 ? [] : ["; is set by the owner of the address, usually the hosting provider."]),
    ...outside.flatMap(({ record, why }) => [`; ${why}`, `;${zoneLine(record)}`]),
    "",
    ...remarks.map((line) => `; ${line}`.trimEnd()),
  ];
  return `${lines.join("\n")}\n`;
}

/** RFC 1912, section 2.2: the serial number shows the date; the times are its recommendations. */
function headOf(domain: string, { nameServers, date }: ZoneHead): string[] {
  const serial = `${date.toISOString().slice(0, 10).replaceAll("-", "")}01`;
  return [
    `$ORIGIN ${domain}.`,
    `$TTL ${ZONE_TTL}`,
    `${domain}. ${ZONE_TTL} IN SOA ${nameServers[0]}. hostmaster.${domain}. ${serial} 7200 3600 1209600 3600`,
    ...nameServers.map((name) => `${domain}. ${ZONE_TTL} IN NS ${name}.`),
  ];
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
