import type { Evidence } from "../../runner/harness/define-probe.js";
import { round } from "../../runner/run/clock.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Hop, Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  if (seen.failure !== null) return [];
  const reached = input.expect?.reached ?? true;
  const isUnexpected = reached !== seen.reached;
  const words = seen.reached ? "the target answers" : `the target does not answer${lastWords(seen.hops)}`;
  return [
    ...(isUnexpected ? [finding("error", "reached", words, String(reached), String(seen.reached))] : []),
    ...seen.loops.map((address) => finding("warning", "loop", `${address} answers for hops that are not neighbours: packets go round`, null, address)),
    ...unmet("error", input.expect ?? {}, seen),
    ...unmet("warning", input.prefer ?? {}, seen),
  ];
}

function lastWords(hops: readonly Hop[]): string {
  const last = hops.findLast(({ addresses }) => addresses.length > 0);
  if (last === undefined) return ", and no router does";
  const reported = last.probes.find(({ message }) => message !== null)?.message;
  return `: the last answer is of ${last.addresses.join(" and ")} at hop ${last.ttl}${reported === undefined || reported === null ? "" : `, which reports "${reported}"`}`;
}

function unmet(severity: Finding["severity"], wanted: Expectations, { hops, hop_count }: Evidence<Output>): Finding[] {
  const target = hop_count === null ? undefined : hops.find(({ ttl }) => ttl === hop_count);
  const times = target?.probes.flatMap(({ rtt_ms }) => rtt_ms ?? []) ?? [];
  const average = times.length === 0 ? null : round(times.reduce((sum, time) => sum + time, 0) / times.length);
  const above = (reason: string, what: string, most: number | undefined, actual: number | null | undefined): Finding[] =>
    most === undefined || actual === null || actual === undefined || actual <= most
      ? []
      : [finding(severity, reason, `${what} is ${actual}, more than ${most}`, most, actual)];
  return [
    ...above("too_many_hops", "the number of hops", wanted.max_hops, hop_count),
    ...above("loss_too_high", "the target's loss in percent", wanted.max_loss_percent, target?.loss_percent),
    ...above("rtt_too_high", "the target's average round trip in ms", wanted.max_rtt_ms, average),
    ...(wanted.path === undefined || followsPath(hops, wanted.path)
      ? []
      : [
          finding(
            severity,
            "path_differs",
            `the path does not go through ${wanted.path.join(", ")}`,
            wanted.path.join(" "),
            hops.map(({ addresses }) => addresses[0] ?? "*").join(" "),
          ),
        ]),
  ];
}

function followsPath(hops: readonly Hop[], path: readonly string[]): boolean {
  let next = 0;
  for (const { addresses } of hops) if (next < path.length && addresses.includes(path[next] as string)) next += 1;
  return next === path.length;
}
