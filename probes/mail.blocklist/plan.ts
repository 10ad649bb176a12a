import { BLOCKLIST_KINDS, type Blocklist, type BlocklistAnswer, type BlocklistKind } from "../../schemas/blocklist.js";
import { asciiDomain } from "../../schemas/host.js";
import { KNOWN_LISTS, type KnownList, knownList } from "./known-lists.js";
import { addressTarget, domainTarget, type Target } from "./names.js";
import type { Input } from "./schema.js";

/** One list, asked for one kind of target, with the answers that it will give. */
export interface Part {
  readonly list: Blocklist;
  readonly answers: readonly BlocklistAnswer[];
}

/** All planned queries. Those that the run does not reach stay unknown. */
export function partsOf({ addresses = [], domains = [], address_lists: addressLists, domain_lists: domainLists }: Input): Part[] {
  const targets = [...new Set(addresses)].map(addressTarget).concat([...new Set(domains)].map(domainTarget));
  const zones = { ipv4: zonesOf(addressLists, "ipv4"), ipv6: zonesOf(addressLists, "ipv6"), domain: zonesOf(domainLists, "domain") };
  return BLOCKLIST_KINDS.flatMap((kind) => {
    const own = targets.filter((target) => target.kind === kind);
    return own.length === 0 ? [] : zones[kind].map((zone) => ({ list: unknownList(zone, kind), answers: own.map((target) => unknownAnswer(zone, target)) }));
  });
}

/** What was named, but for those that are known to have nothing of the kind; else the usual ones. */
function zonesOf(named: readonly string[] | undefined, kind: BlocklistKind): string[] {
  const has = (list: KnownList | undefined): boolean => list?.kinds.includes(kind) ?? true;
  if (named === undefined) return KNOWN_LISTS.filter((list) => list.isDefault && has(list)).map(({ zone }) => zone);
  return [...new Set(named.map(asciiDomain))].filter((zone) => has(knownList(zone)));
}

function unknownList(zone: string, kind: BlocklistKind): Blocklist {
  return { zone, kind, state: "not_asked", reason: "run_ended", message: NOT_ASKED, terms: knownList(zone)?.terms ?? null };
}

function unknownAnswer(zone: string, { target, kind, label }: Target): BlocklistAnswer {
  const name = `${label}.${zone}`;
  return { target, kind, list: zone, name, result: "unknown", message: NOT_ASKED, codes: [], text: [], ttl_s: null, from_cache: false };
}

const NOT_ASKED = "the run ended before it was asked";
