import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Answer } from "../../../runner/net/dns/answer.js";
import type { Asking } from "../../../runner/net/dns/capability.js";
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

/** A resolver that knows the records of a case. RCODE names (SERVFAIL, TIMEOUT) stand for answers that failed. */
export function questionsIn(zone: Zone, authenticated = true): Questions {
  const names = new Map(Object.entries(zone).map(([name, records]) => [name.toLowerCase(), records]));
  const query = async <Type extends RecordType>(name: string, type: Type, _asking?: Asking): Promise<Answer<Type>> => {
    const aliases: string[] = [];
    let at = name.toLowerCase();
    for (let alias = names.get(at)?.CNAME; typeof alias === "string"; alias = names.get(at)?.CNAME) {
      at = alias.toLowerCase().replace(/\.$/, "");
      aliases.push(at);
    }
    const found = names.get(at) ?? names.get(`*.${at.slice(at.indexOf(".") + 1)}`);
    const failure = FAILURES[String(found?.FAIL ?? (found?.[type] as string | undefined))];
    const records = failure === undefined ? ((found?.[type] ?? []) as readonly unknown[]).map((value) => dataOf(type, value)) : [];
    const exists = found !== undefined || [...names.keys()].some((each) => each.endsWith(`.${at}`));
    const outcome = failure ?? (records.length > 0 ? "found" : exists ? "no_data" : "no_such_name");
    const answer = { outcome, rcode: 0, records, aliases, ttl: 300, authenticated, server: "192.0.2.53", fromCache: false, problem: null };
    return answer as unknown as Answer<Type>;
  };
  return questionsOf({ query }, {});
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
