import { matches } from "../../assertions/assertions.js";
import { patterns } from "./common.js";
import type { Section } from "./section.js";

/** What is wrong with the records of one section of an answer. */
export type RecordCheck = (records: readonly string[]) => string[];

/** Null: nothing is asked of them. */
export function recordChecks(section: Section): RecordCheck | null {
  const unwanted = patterns(section, "fail_if_matches_regexp");
  const notAll = patterns(section, "fail_if_all_match_regexp");
  const wanted = patterns(section, "fail_if_not_matches_regexp");
  const oneOf = patterns(section, "fail_if_none_matches_regexp");
  section.end();
  if ([unwanted, notAll, wanted, oneOf].every(({ length }) => length === 0)) return null;
  const some = (record: string, expressions: readonly string[]): boolean => expressions.some((each) => matches(record, each));
  return (records) => [
    ...(records.some((record) => some(record, unwanted)) ? ["a record matches an expression that none may match"] : []),
    ...(notAll.length > 0 && records.length > 0 && records.every((record) => notAll.every((each) => matches(record, each)))
      ? ["every record matches an expression that not all may match"]
      : []),
    ...(records.some((record) => !wanted.every((each) => matches(record, each))) ? ["a record does not match an expression that all must match"] : []),
    ...(oneOf.length > 0 && !records.some((record) => some(record, oneOf)) ? ["no record matches any expression of which one must match"] : []),
  ];
}

/** A record as a line of a master file, with tabs and the class, which expressions are written for. */
export function recordText({ name, type, ttl, data }: { readonly name: string; readonly type: string; readonly ttl: number; readonly data: string }): string {
  return `${name.endsWith(".") ? name : `${name}.`}\t${ttl}\tIN\t${type}\t${data}`;
}
