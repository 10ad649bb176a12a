import type { DomainReport, ReportSource } from "../../../schemas/domain-report.js";
import { isAddress } from "../../../schemas/host.js";
import { shown } from "../limits.js";
import { child, children, type Element, textIn } from "./elements.js";
import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";
import type { Problems } from "./problems.js";

type Messages = NonNullable<DomainReport["messages"]>;

/** RFC 9990, 3.1.1.6: none and pass, when nothing was asked for or DMARC passed. */
const DISPOSITIONS = { none: "delivered", pass: "delivered", quarantine: "quarantined", reject: "rejected" } as const;

/** No receiver counts so many messages of one day; sums stay exact. */
const MAX_COUNT = 1e12;

/** The records of an aggregate report, summed up by the address that sent. */
export class ReportSources {
  readonly messages: Messages = { total: 0, pass: 0, fail: 0, spf_aligned: 0, dkim_aligned: 0, delivered: 0, quarantined: 0, rejected: 0, overridden: 0 };
  records = 0;
  readonly #sources = new Map<string, ReportSource>();

  constructor(readonly problems: Problems) {}

  /** The sources with the most messages. */
  get shown(): ReportSource[] {
    return [...this.#sources.values()].sort((a, b) => b.messages - a.messages || compare(a.ip, b.ip)).slice(0, LIMITS.sources);
  }

  get leftOut(): number {
    return Math.max(0, this.#sources.size - LIMITS.sources);
  }

  /** One record: so many messages of one source with the same results. */
  add(record: Element): void {
    this.records += 1;
    const row = child(record, "row");
    const ip = textIn(row, "source_ip");
    const messages = this.#countIn(row);
    const problem = ip === null || !isAddress(ip) ? "source_ip is not an address" : messages === null ? "count is not a number of messages" : null;
    if (problem !== null) this.problems.add(`record ${this.records} was left out: its ${problem}`);
    else this.#addRow(record, row, ip as string, messages as number);
  }

  #addRow(record: Element, row: Element | undefined, ip: string, messages: number): void {
    const source = this.#sourceOf(ip.toLowerCase());
    this.#countVerdict(source, row, messages);
    const identifiers = child(record, "identifiers");
    addName(source.header_from, textIn(identifiers, "header_from"));
    addName(source.envelope_from, textIn(identifiers, "envelope_from"));
    this.#countResults(source, child(record, "auth_results"), messages);
  }

  #countIn(row: Element | undefined): number | null {
    const written = textIn(row, "count");
    const count = written !== null && /^\d{1,13}$/.test(written) ? Number(written) : null;
    return count === null || count > MAX_COUNT ? null : count;
  }

  #sourceOf(ip: string): ReportSource {
    const known = this.#sources.get(ip);
    if (known !== undefined) return known;
    const source: ReportSource = {
      ip,
      messages: 0,
      pass: 0,
      fail: 0,
      spf_aligned: 0,
      dkim_aligned: 0,
      delivered: 0,
      quarantined: 0,
      rejected: 0,
      header_from: [],
      envelope_from: [],
      spf: [],
      dkim: [],
      overrides: [],
    };
    this.#sources.set(ip, source);
    return source;
  }

  /** policy_evaluated has the results with alignment; DMARC passes if one of them is pass. */
  #countVerdict(source: ReportSource, row: Element | undefined, messages: number): void {
    const evaluated = child(row, "policy_evaluated");
    if (evaluated === undefined) this.problems.add("a record has no policy_evaluated: its messages count as failed");
    const isSpf = textIn(evaluated, "spf")?.toLowerCase() === "pass";
    const isDkim = textIn(evaluated, "dkim")?.toLowerCase() === "pass";
    const written = textIn(evaluated, "disposition")?.toLowerCase() ?? "none";
    const isKnown = Object.hasOwn(DISPOSITIONS, written);
    if (!isKnown) this.problems.add(`${JSON.stringify(shown(written, 40))} is not a disposition: counted as none`);
    const reasons = children(evaluated, "reason");
    for (const sum of [source, this.messages]) {
      sum[isSpf || isDkim ? "pass" : "fail"] += messages;
      if (isSpf) sum.spf_aligned += messages;
      if (isDkim) sum.dkim_aligned += messages;
      sum[isKnown ? DISPOSITIONS[written as keyof typeof DISPOSITIONS] : "delivered"] += messages;
    }
    source.messages += messages;
    this.messages.total += messages;
    if (reasons.length > 0) this.messages.overridden += messages;
    for (const reason of reasons) count(source.overrides, { type: word(reason, "type"), comment: word(reason, "comment") }, messages);
  }

  #countResults(source: ReportSource, results: Element | undefined, messages: number): void {
    for (const each of children(results, "spf")) count(source.spf, { domain: domainIn(each), result: word(each, "result") }, messages);
    for (const each of children(results, "dkim"))
      count(source.dkim, { domain: domainIn(each), selector: word(each, "selector"), result: word(each, "result") }, messages);
  }
}

function addName(names: string[], written: string | null): void {
  const name = written === null ? null : shown(written.toLowerCase(), LIMITS.textCharacters);
  if (name !== null && names.length < LIMITS.listItems && !names.includes(name)) names.push(name);
}

/** Adds to the entry that is equal in all but its count, or makes it. */
function count<Entry extends { messages: number }>(entries: Entry[], key: Omit<Entry, "messages">, messages: number): void {
  const names = Object.keys(key) as (keyof Omit<Entry, "messages">)[];
  const known = entries.find((entry) => names.every((name) => entry[name] === key[name]));
  if (known !== undefined) known.messages += messages;
  else if (entries.length < LIMITS.listItems) entries.push({ ...key, messages } as Entry);
}

function word(element: Element, name: string): string | null {
  const text = textIn(element, name);
  return text === null ? null : shown(text, LIMITS.textCharacters);
}

function domainIn(element: Element): string | null {
  return word(element, "domain")?.toLowerCase() ?? null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
