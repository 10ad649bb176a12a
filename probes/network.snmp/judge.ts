import { failedAssertions, show } from "../../runner/assertions/assertions.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { EXCEPTIONS } from "../../runner/net/snmp/pdu.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  if (seen.failure !== null) return [];
  const judged = new Set([...Object.keys(input.expect ?? {}), ...Object.keys(input.prefer ?? {})]);
  // An object that is asked for and is not there is an error, unless the input says itself what it must be.
  const absent = seen.values.flatMap(({ oid, type }) =>
    EXCEPTIONS.has(type) && !judged.has(oid) ? [finding("error", "no_such_object", `the agent has no ${oid} (${type})`, null, type)] : [],
  );
  const truncated = seen.truncated ? [finding("warning", "walk_truncated", `a walk was stopped after ${input.max_rows} objects`, input.max_rows)] : [];
  return [...absent, ...differing("error", input.expect ?? {}, seen), ...differing("warning", input.prefer ?? {}, seen), ...truncated];
}

function differing(severity: Finding["severity"], wanted: Readonly<Record<string, unknown>>, { values }: Evidence<Output>): Finding[] {
  return Object.entries(wanted).flatMap(([oid, expected]) => {
    const found = values.find((each) => each.oid === oid);
    const phrases = failedAssertions(expected, found?.value ?? null);
    if (phrases.length === 0) return [];
    const [phrase, actual] = [phrases.join(" and "), found === undefined ? "not read" : show(found.value)];
    return [finding(severity, "value_differs", `${oid}: expected ${phrase}, got ${actual}`, phrase, actual)];
  });
}
