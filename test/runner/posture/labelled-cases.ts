import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Answer } from "../../../runner/net/dns/answer.js";
import type { QueryOptions } from "../../../runner/net/dns/capability.js";
import type { DataOf, RecordType } from "../../../runner/net/dns/records.js";
import { type Questions, questionsOf } from "../../../runner/posture/questions.js";
import type { Check, Verdict } from "../../../schemas/check.js";

/** Cases that were written from the standards, without a look at the code. A verdict is a word, or several where the standard leaves a choice. */
export interface LabelledCase<Input, Expected> {
  readonly name: string;
  readonly spec: string;
  readonly records: Zone;
  readonly input: Input;
  readonly expect: Expected & { readonly checks?: Readonly<Record<string, Expectation>> };
}

export type Expectation = Verdict | { readonly any_of: readonly Verdict[] } | { readonly not: Verdict | readonly Verdict[] };
type Values = string | readonly string[] | readonly Readonly<Record<string, unknown>>[];
export type Zone = Readonly<Record<string, Readonly<Partial<Record<string, Values>>>>>;

export function casesIn<Input, Expected>(file: string): LabelledCase<Input, Expected>[] {
  return JSON.parse(readFileSync(`fixtures/posture/${file}.json`, "utf8")) as LabelledCase<Input, Expected>[];
}

/** The same with addresses that a mail host may have: those of documentation are not reachable, and judged so. */
export function withGlobalAddresses<Value>(value: Value): Value {
  const text = JSON.stringify(value)
    .replace(/\b(192\.0|198\.51|203\.0)\.(2|100|113)\b/g, "9.9.$2")
    .replace(/\b(2|100|113)\.(0\.192|51\.198|0\.203)\.in-addr/g, "$1.9.9.in-addr")
    .replace(/\b2001:db8:/g, "2620:fe:")
    .replace(/8\.b\.d\.0\.1\.0\.0\.2\.ip6/g, "e.f.0.0.0.2.6.2.ip6");
  return JSON.parse(text) as Value;
}

/** A resolver that knows the records of a case. FAIL at a name, or at one type of it, stands for an answer that failed. */
export function questionsIn(zone: Zone, isAuthenticated: boolean | ((name: string, type: string) => boolean) = true, failAll?: string): Questions {
  const names = new Map(Object.entries(zone).map(([name, records]) => [name.toLowerCase(), records]));
  const query = async <Type extends RecordType>(name: string, type: Type, _asking?: QueryOptions): Promise<Answer<Type>> => {
    const aliases: string[] = [];
    let at = name.toLowerCase();
    for (let alias = names.get(at)?.CNAME; typeof alias === "string"; alias = names.get(at)?.CNAME) {
      at = alias.toLowerCase().replace(/\.$/, "");
      aliases.push(at);
    }
    const found = names.get(at) ?? wildcardFor(at, names);
    const ofType = found?.[type] as { FAIL?: string } | undefined;
    const failure = FAILURES[String(failAll ?? found?.FAIL ?? ofType?.FAIL)];
    const authenticated = typeof isAuthenticated === "boolean" ? isAuthenticated : isAuthenticated(at, type);
    const records = failure === undefined ? ((found?.[type] ?? []) as readonly unknown[]).map((value) => dataOf(type, value)) : [];
    const saysNoName = (found?.NSEC_TYPES as readonly string[] | undefined)?.includes("NXNAME") === true;
    const exists = (found !== undefined && !saysNoName) || [...names.keys()].some((each) => each.endsWith(`.${at}`));
    const outcome = failure ?? (records.length > 0 ? "found" : exists ? "no_data" : "no_such_name");
    const answer = {
      outcome,
      rcode: 0,
      records,
      aliases,
      ttl: 300,
      authenticated,
      server: "192.0.2.53",
      fromCache: false,
      authority: [],
      extendedErrors: [],
      problem: null,
    };
    return answer as unknown as Answer<Type>;
  };
  return questionsOf({ query }, {});
}

/** RFC 4592: the wildcard below the longest ancestor that exists. */
function wildcardFor<Value>(name: string, names: ReadonlyMap<string, Value>): Value | undefined {
  for (let above = name.slice(name.indexOf(".") + 1); ; above = above.slice(above.indexOf(".") + 1)) {
    const found = names.get(`*.${above}`);
    const exists = [...names.keys()].some((each) => each === above || each.endsWith(`.${above}`));
    if (found !== undefined || exists || !above.includes(".")) return found;
  }
}

const FAILURES: Readonly<Record<string, Answer["outcome"]>> = {
  SERVFAIL: "server_failure",
  TIMEOUT: "timeout",
  REFUSED: "refused",
};

function dataOf(type: string, value: unknown): DataOf<RecordType> {
  if (type === "TXT") return [Buffer.from(Array.isArray(value) ? value.join("") : String(value), "utf8")] as never;
  if (type === "TLSA") {
    const { usage, selector, matching_type: matchingType, data } = value as Record<string, unknown>;
    return { usage, selector, matchingType, certificate: Buffer.from(String(data), "hex") } as never;
  }
  return value as never;
}

const ORDER: readonly Verdict[] = ["not_applicable", "pass", "notice", "unknown", "warning", "error"];

/** The worst verdict of each rule: a rule without a check has nothing to complain of. */
export function expectChecks(checks: readonly Check[], expected: Readonly<Record<string, Expectation>> = {}): void {
  const worst = new Map<string, Verdict>();
  for (const { id, verdict } of checks) if (ORDER.indexOf(verdict) > ORDER.indexOf(worst.get(id) ?? "not_applicable")) worst.set(id, verdict);
  const actual = Object.fromEntries(Object.keys(expected).map((id) => [id, worst.get(id) ?? (isNothing(expected[id]) ? "not_applicable" : "pass")]));
  const wanted = Object.fromEntries(Object.entries(expected).map(([id, each]) => [id, satisfies(actual[id] as Verdict, each) ? actual[id] : each]));
  expect(actual).toEqual(wanted);
}

function isNothing(expectation: Expectation | undefined): boolean {
  return expectation === "not_applicable";
}

function satisfies(actual: Verdict, expected: Expectation): boolean {
  if (typeof expected === "string") return actual === expected;
  if ("any_of" in expected) return expected.any_of.includes(actual);
  return ![expected.not].flat().includes(actual);
}

/** A word, or several where the standard leaves a choice. */
export type OneOf<Word> = Word | { readonly any_of: readonly Word[] };

export function expectOneOf<Word>(actual: Word, expected: OneOf<Word> | undefined): void {
  if (expected === undefined) return;
  const isChoice = typeof expected === "object" && expected !== null && "any_of" in expected;
  expect(isChoice ? expected.any_of : [expected]).toContainEqual(actual);
}
