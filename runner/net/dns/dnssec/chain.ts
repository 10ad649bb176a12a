import { isWithin } from "../name.js";
import { RCODES } from "../rcode.js";
import { type DnsMessage, TYPES } from "../wire/message.js";
import { labelsOf, nameOf, type WireName } from "../wire/name.js";
import { isSupported, isSupportedDigest, matchesKey } from "./algorithms.js";
import { isAnchoredBy, type TrustAnchor } from "./anchors.js";
import { type Denials, proveNoData, proveNoName } from "./denial.js";
import { MAX_QUESTIONS } from "./limits.js";
import { delegationOf, isZoneKey, type Key, keyOf, nsec3Of, nsecOf, type RecordSet, type Signature, setsOf } from "./records.js";
import { bogus, indeterminate, insecure, type Verdict } from "./verdict.js";
import { type Verified, verifySet, type Work } from "./verify.js";

/** Asks for the keys and delegations of a chain. Null: no answer. */
export type ChainQuery = (name: WireName, type: number) => Promise<DnsMessage | null>;

export interface SecureZone {
  readonly zone: WireName;
  readonly keys: readonly Key[];
}

/** The zone that holds a name, with its keys; or why there are none. */
export type Link = SecureZone | Verdict;

/** The chain of trust from anchors to zones, as one server gives it. What it has found serves all questions to that server. */
export class Chain {
  readonly #links = new Map<string, Promise<Link>>();
  readonly #answers = new Map<string, Promise<DnsMessage | null>>();
  readonly work: Work = { verifications: 0, hashes: 0 };

  constructor(
    readonly anchors: readonly TrustAnchor[],
    readonly ask: ChainQuery,
    readonly nowS: number,
  ) {}

  /** From the nearest trust anchor down to the zone that holds a name. */
  async linkTo(name: WireName): Promise<Link> {
    const anchored = ancestorsOf(name).find((zone) => this.anchors.some((anchor) => anchor.zone === zone));
    if (anchored === undefined) return indeterminate(name, "no trust anchor leads to it");
    let link = await this.#once(`anchor ${anchored}`, () => this.#anchorZone(anchored));
    const labels = labelsOf(name);
    for (let count = labelsOf(anchored).length + 1; count <= labels.length && "keys" in link; count++) {
      const child = nameOf(labels.slice(labels.length - count));
      const parent: SecureZone = link;
      link = await this.#once(`below ${parent.zone} ${child}`, () => this.#delegation(parent, child));
    }
    return link;
  }

  /** Verifies a set with the keys of a zone, and keeps what was good. */
  verify(set: RecordSet, { keys, zone }: SecureZone, verified: Signature[] = []): Verified | string {
    const result = verifySet(set, keys, zone, this.nowS, this.work);
    if (typeof result !== "string") verified.push(result.signature);
    return result;
  }

  /** The NSEC and NSEC3 records of an answer that the zone's keys have signed. One that a wildcard made denies nothing. */
  denialsIn({ authorities }: DnsMessage, link: SecureZone, verified: Signature[] = []): Denials {
    const sets = setsOf(authorities).filter(({ name, type }) => (type === TYPES.NSEC || type === TYPES.NSEC3) && isWithin(name, link.zone));
    const good = sets.filter((set) => {
      const result = this.verify(set, link, verified);
      return typeof result !== "string" && result.wildcardParent === null;
    });
    const records = good.flatMap((set) => set.records);
    return {
      zone: link.zone,
      nsec: records.filter(({ type }) => type === TYPES.NSEC).map(nsecOf),
      nsec3: records.filter(({ type }) => type === TYPES.NSEC3).map(nsec3Of),
    };
  }

  fetch(name: WireName, type: number): Promise<DnsMessage | null> {
    const key = `${type} ${name}`;
    const known = this.#answers.get(key) ?? (this.#answers.size < MAX_QUESTIONS ? this.ask(name, type) : Promise.resolve(null));
    this.#answers.set(key, known);
    return known;
  }

  #once(key: string, find: () => Promise<Link>): Promise<Link> {
    const known = this.#links.get(key) ?? find();
    this.#links.set(key, known);
    return known;
  }

  #anchorZone(zone: WireName): Promise<Link> {
    const anchors = this.anchors.filter((anchor) => anchor.zone === zone);
    return this.#keysOf(zone, (key) => anchors.some((anchor) => isAnchoredBy(key, anchor)), "no key of the zone is the trust anchor's");
  }

  /** What the parent says of a name below it: a signed zone, an unsigned one, or no zone of its own. */
  async #delegation(parent: SecureZone, child: WireName): Promise<Link> {
    const message = await this.fetch(child, TYPES.DS);
    if (message === null || (message.rcode !== RCODES.noError && message.rcode !== RCODES.noSuchName))
      return indeterminate(child, "the question for its DS records was not answered");
    const here = setsOf(message.answers).filter(({ name }) => name === child);
    const set = here.find(({ type }) => type === TYPES.DS);
    if (set !== undefined) return this.#signedZone(parent, child, set);
    const alias = here.find(({ type }) => type === TYPES.CNAME);
    if (alias === undefined) return this.#withoutDelegation(parent, child, message);
    const verified = this.verify(alias, parent);
    return typeof verified === "string" ? bogus(child, verified) : parent;
  }

  #withoutDelegation(parent: SecureZone, child: WireName, message: DnsMessage): Link {
    const denials = this.denialsIn(message, parent);
    const isMissing = message.rcode === RCODES.noSuchName;
    const proof = isMissing ? proveNoName(denials, child, this.work) : proveNoData(denials, child, TYPES.DS, this.work);
    if (proof === "insecure") return insecure(child, "an opt-out span, or NSEC3 with too many iterations, leaves it without proof");
    if (proof === "missing") return bogus(child, "nothing proves that it has no DS record");
    const isCut = !isMissing && [...denials.nsec.filter(({ owner }) => owner === child), ...denials.nsec3].some(isDelegation);
    return isCut ? insecure(child, `the zone ${parent.zone} proves that it has no DS record: it is not signed`) : parent;
  }

  #signedZone(parent: SecureZone, child: WireName, set: RecordSet): Promise<Link> | Link {
    const verified = this.verify(set, parent);
    if (typeof verified === "string") return bogus(child, `its DS record: ${verified}`);
    const known = set.records.map(delegationOf).filter(({ algorithm, digestType }) => isSupported(algorithm) && isSupportedDigest(digestType));
    if (known.length === 0) return insecure(child, "its DS records have algorithms that are not known here");
    // RFC 4509, section 3: SHA-1 is not looked at beside a stronger digest.
    const strong = known.filter(({ digestType }) => digestType !== 1);
    const usable = strong.length > 0 ? strong : known;
    return this.#keysOf(child, (key) => usable.some((each) => matchesKey(each, key)), "no key of the zone fits its DS record");
  }

  /** The zone's keys, signed by one that is trusted. */
  async #keysOf(zone: WireName, isTrusted: (key: Key) => boolean, otherwise: string): Promise<Link> {
    const message = await this.fetch(zone, TYPES.DNSKEY);
    if (message === null || message.rcode !== RCODES.noError) return indeterminate(zone, "the question for its keys was not answered");
    const set = setsOf(message.answers).find(({ name, type }) => name === zone && type === TYPES.DNSKEY);
    if (set === undefined) return bogus(zone, "it has no keys");
    const keys = set.records.map(keyOf).filter(isZoneKey);
    const trusted = keys.filter(isTrusted);
    if (trusted.length === 0) return bogus(zone, otherwise);
    if (!trusted.some(({ algorithm }) => isSupported(algorithm))) return insecure(zone, "its keys have algorithms that are not known here");
    const verified = this.verify(set, { zone, keys: trusted });
    return typeof verified === "string" ? bogus(zone, `its keys: ${verified}`) : { zone, keys };
  }
}

function isDelegation({ types }: { readonly types: readonly number[] }): boolean {
  return types.includes(TYPES.NS) && !types.includes(TYPES.SOA) && !types.includes(TYPES.DS);
}

function ancestorsOf(name: WireName): WireName[] {
  const labels = labelsOf(name);
  return Array.from({ length: labels.length + 1 }, (_, index) => nameOf(labels.slice(index)));
}
