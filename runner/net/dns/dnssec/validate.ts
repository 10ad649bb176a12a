import { MAX_ALIASES } from "../limits.js";
import { isWithin } from "../name.js";
import { RCODES, rcodeName } from "../rcode.js";
import { type DnsMessage, TYPES } from "../wire/message.js";
import { labelsOf, nameOf, parentOf, readName, type WireName } from "../wire/name.js";
import type { Chain } from "./chain.js";
import { proveNoData, proveNoName, proveWildcard } from "./denial.js";
import { type RecordSet, type Signature, setsOf } from "./records.js";
import { bogus, indeterminate, insecure, type Verdict, worstOf } from "./verdict.js";

export interface Validated extends Verdict {
  /** The signatures of the answer itself that were verified. */
  readonly signatures: readonly Signature[];
}

const SECURE: Verdict = { state: "secure", name: null, reason: "every record is signed, up to the trust anchor" };

/** Validates one answer (RFC 4035, section 5): its aliases, its records, or that there are none. */
export async function validate(chain: Chain, name: WireName, type: number, message: DnsMessage): Promise<Validated> {
  chain.work.verifications = 0;
  chain.work.hashes = 0;
  const answer = new AnswerJudge(chain, type);
  return { ...(await answer.judge(name, message, [])), signatures: answer.signatures };
}

class AnswerJudge {
  readonly signatures: Signature[] = [];
  /** Targets of aliases that were asked for by themselves: an answer that says nothing is not asked for again. */
  readonly #asked = new Set<WireName>();

  constructor(
    readonly chain: Chain,
    readonly type: number,
  ) {}

  async judge(asked: WireName, message: DnsMessage, before: readonly Verdict[]): Promise<Verdict> {
    if (message.rcode !== RCODES.noError && message.rcode !== RCODES.noSuchName) return indeterminate(asked, `the server answered ${rcodeName(message.rcode)}`);
    const sets = setsOf(message.answers);
    const verdicts = [...before];
    for (let name = asked; verdicts.length <= MAX_ALIASES * 2; ) {
      const found = sets.filter((set) => set.name === name && this.#isWanted(set));
      if (found.length > 0) return worstOf([...verdicts, ...(await this.#judgeSets(found, message))]);
      const alias = aliasOf(sets, name);
      if (alias === null) return worstOf([...verdicts, await this.#judgeEnd(name, message, verdicts)]);
      verdicts.push(await this.#judgeSet(alias.set, message));
      if (alias.target === null) return bogus(name, "its alias does not follow from the DNAME above it");
      name = alias.target;
    }
    return bogus(asked, "its aliases do not end");
  }

  #isWanted({ type }: RecordSet): boolean {
    return type === this.type || this.type === TYPES.ANY;
  }

  async #judgeSets(sets: readonly RecordSet[], message: DnsMessage): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const set of sets) verdicts.push(await this.#judgeSet(set, message));
    return verdicts;
  }

  /** A set of the answer: signed by its zone, or of a zone that is not signed. */
  async #judgeSet(set: RecordSet, message: DnsMessage): Promise<Verdict> {
    const signer = set.signatures.find((each) => isWithin(set.name, each.signer))?.signer;
    // DS records belong to the parent.
    const link = await this.chain.linkTo(signer ?? (set.type === TYPES.DS ? parentOf(set.name) : set.name));
    if (!("keys" in link)) return link;
    if (signer === undefined) return bogus(set.name, "the record is not signed, and its zone is");
    if (link.zone !== signer) return bogus(set.name, `the record is signed by ${signer}, which is no zone of its own`);
    const verified = this.chain.verify(set, link, this.signatures);
    if (typeof verified === "string") return bogus(set.name, verified);
    if (verified.wildcardParent === null) return SECURE;
    const denials = this.chain.denialsIn(message, link, this.signatures);
    const proof = proveWildcard(denials, set.name, verified.wildcardParent, this.chain.work);
    if (proof === "proven") return { ...SECURE, reason: "a wildcard of the zone made the record, and the zone proves that the name itself does not exist" };
    if (proof === "insecure") return insecure(set.name, "the wildcard's proof lies in an opt-out span, or has too many NSEC3 iterations");
    return bogus(set.name, "a wildcard made the record, and nothing proves that the name itself does not exist");
  }

  /** The end of the aliases has no such record: the answer has to prove it, or the target is asked for by itself. */
  async #judgeEnd(name: WireName, message: DnsMessage, before: readonly Verdict[]): Promise<Verdict> {
    const soa = message.authorities.find((record) => record.type === TYPES.SOA && isWithin(name, record.name));
    if (soa === undefined && before.length > 0 && message.rcode === RCODES.noError && !this.#asked.has(name)) {
      this.#asked.add(name);
      const answer = await this.chain.fetch(name, this.type);
      return answer === null ? indeterminate(name, "the alias's target was not answered") : this.judge(name, answer, before);
    }
    const link = await this.chain.linkTo(soa?.name ?? (this.type === TYPES.DS ? parentOf(name) : name));
    if (!("keys" in link)) return link;
    const denials = this.chain.denialsIn(message, link, this.signatures);
    const isMissing = message.rcode === RCODES.noSuchName;
    const what = isMissing ? "the name does not exist" : "there is no such record";
    const proof = isMissing ? proveNoName(denials, name, this.chain.work) : proveNoData(denials, name, this.type, this.chain.work);
    if (proof === "proven") return { ...SECURE, reason: `the zone ${link.zone} proves that ${what}` };
    if (proof === "insecure") return insecure(name, "the denial lies in an opt-out span, or has too many NSEC3 iterations");
    return bogus(name, `nothing proves that ${what}`);
  }
}

/** The record that leads on from a name: a DNAME above it comes before the CNAME that the server made from it (RFC 6672, section 5.3). */
function aliasOf(sets: readonly RecordSet[], name: WireName): { set: RecordSet; target: WireName | null } | null {
  const above = sets.find((set) => set.type === TYPES.DNAME && set.name !== name && isWithin(name, set.name));
  const alias = sets.find((set) => set.type === TYPES.CNAME && set.name === name);
  if (above === undefined) return alias === undefined ? null : { set: alias, target: targetOf(alias) };
  const target = renamed(name, above);
  return { set: above, target: alias === undefined || targetOf(alias) === target ? target : null };
}

function targetOf({ records }: RecordSet): WireName | null {
  const [first] = records;
  return first === undefined ? null : readName(first.bytes, 0).name;
}

/** RFC 6672, section 2.2. */
function renamed(name: WireName, dname: RecordSet): WireName | null {
  const target = targetOf(dname);
  const own = labelsOf(name);
  return target === null ? null : nameOf([...own.slice(0, own.length - labelsOf(dname.name).length), ...labelsOf(target)]);
}
