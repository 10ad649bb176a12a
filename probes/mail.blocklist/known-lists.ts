import type { BlocklistKind } from "../../schemas/blocklist.js";

/** What an address in a list's answer means. */
export interface Codes {
  readonly listed: Readonly<Record<string, string>>;
  /** The last octet is a sum of these, one for each list that was joined into this one. */
  readonly bits?: Readonly<Record<number, string>>;
  /** Answers that are not listings: the list explains why it does not answer this client. */
  readonly refusals?: Readonly<Record<string, string>>;
}

export interface KnownList extends Codes {
  readonly zone: string;
  readonly kinds: readonly BlocklistKind[];
  /** The entry that a list of domains must contain, if it is not the TEST of RFC 5782, section 5. */
  readonly listedDomain?: string;
  readonly terms: string;
  /** False for a list that answers registered users only: they name it in the input. */
  readonly isDefault: boolean;
}

/** In 127.255.255.0/24 Spamhaus reports errors of the query, and other lists have adopted it. */
export const ASKERS_NETWORK = "127.255.255.";
export const ASKERS_ERRORS: Readonly<Record<string, string>> = {
  "127.255.255.252": "the name of the list is written wrongly",
  "127.255.255.254": "it was asked through a public resolver, or one without a name of its own",
  "127.255.255.255": "it was asked too often",
};

const SPAMHAUS_TERMS =
  "free for little traffic that is not commercial, through a resolver of your own: https://www.spamhaus.org/blocklists/dnsbl-fair-use-policy/";

/** Lists that many receivers ask. Their owners' pages say what the codes mean. */
export const KNOWN_LISTS: readonly KnownList[] = [
  {
    zone: "zen.spamhaus.org",
    kinds: ["ipv4", "ipv6"],
    terms: SPAMHAUS_TERMS,
    isDefault: true,
    listed: {
      "127.0.0.2": "SBL: a source of spam, or of services for it",
      "127.0.0.3": "CSS: sends mail of low reputation",
      "127.0.0.4": "XBL: a machine that was broken into, or an open proxy",
      "127.0.0.9": "DROP: a network that was taken over, or belongs to spammers",
      "127.0.0.10": "PBL: its provider says that mail should not come from there directly",
      "127.0.0.11": "PBL: Spamhaus says that mail should not come from there directly",
      "127.0.0.30": "BCL: controls machines that were broken into",
    },
  },
  {
    zone: "dbl.spamhaus.org",
    kinds: ["domain"],
    terms: SPAMHAUS_TERMS,
    isDefault: true,
    listed: {
      "127.0.1.2": "a domain of low reputation",
      "127.0.1.4": "phishing",
      "127.0.1.5": "malware",
      "127.0.1.6": "controls machines that were broken into",
      "127.0.1.102": "a domain in good use that was abused for spam",
      "127.0.1.103": "a redirector that is abused",
      "127.0.1.104": "a domain in good use that was abused for phishing",
      "127.0.1.105": "a domain in good use that was abused for malware",
      "127.0.1.106": "a domain in good use that was abused to control machines",
    },
    refusals: { "127.0.1.255": "it was asked for an address and lists domains" },
  },
  {
    zone: "bl.spamcop.net",
    kinds: ["ipv4"],
    terms: "free: https://www.spamcop.net/bl.shtml",
    isDefault: true,
    listed: { "127.0.0.2": "people reported spam from there" },
  },
  {
    zone: "psbl.surriel.com",
    kinds: ["ipv4"],
    terms: "free; anyone can request the removal of an address: https://psbl.org/",
    isDefault: true,
    listed: { "127.0.0.2": "sent mail to a spam trap" },
  },
  {
    zone: "multi.surbl.org",
    kinds: ["domain"],
    listedDomain: "surbl-org-permanent-test-point.com",
    terms: "free for little traffic, through a resolver of your own: https://surbl.org/usage-policy",
    isDefault: true,
    listed: {},
    bits: { 8: "PH: phishing", 16: "MW: malware", 64: "ABUSE: stands in spam", 128: "CR: a site that was broken into" },
    refusals: { "127.0.0.1": "it does not answer the resolver that asked" },
  },
  {
    zone: "multi.uribl.com",
    kinds: ["domain"],
    listedDomain: "test.uribl.com",
    terms: "free for little traffic, through a resolver of your own: https://uribl.com/about.shtml",
    isDefault: true,
    listed: {},
    bits: { 2: "black: stands in spam", 4: "grey: stands in bulk mail", 8: "red: new, and watched" },
    refusals: { "127.0.0.1": "it does not answer the resolver that asked: https://uribl.com/refused.shtml" },
  },
  {
    zone: "b.barracudacentral.org",
    kinds: ["ipv4"],
    terms: "free, for resolvers whose address was registered: https://www.barracudacentral.org/rbl",
    isDefault: false,
    listed: { "127.0.0.2": "sent spam" },
  },
];

/** For an unknown list, an answer is a listing, and its meaning is unknown. */
export function codesOf(zone: string): Codes {
  return knownList(zone) ?? { listed: {} };
}

export function knownList(zone: string): KnownList | undefined {
  return KNOWN_LISTS.find((list) => list.zone === zone);
}
