import type { Evidence } from "../../runner/harness/define-probe.js";
import { finding } from "../../runner/run/judge.js";
import type { Finding } from "../../schemas/finding.js";
import type { Expectations, Input, Output } from "./schema.js";

export function judge(input: Input, seen: Evidence<Output>): Finding[] {
  if (seen.sent === 0) return [];
  const allLost = seen.received === 0 && input.expect?.max_loss_percent !== 100;
  const unheard = allLost ? [finding("error", "no_reply", `none of ${seen.sent} packets was answered${reasonOf(seen)}`, null, seen.received)] : [];
  return [...unheard, ...(allLost ? [] : unmet("error", input.expect ?? {}, seen)), ...corrupt(seen), ...unmet("warning", input.prefer ?? {}, seen)];
}

function reasonOf({ packets }: Evidence<Output>): string {
  const reported = packets.find(({ message }) => message !== null);
  return reported === undefined ? "" : `: ${reported.from ?? "this machine"} reports ${JSON.stringify(reported.message)}`;
}

function corrupt({ packets }: Evidence<Output>): Finding[] {
  const broken = packets.filter(({ outcome }) => outcome === "corrupt").length;
  return broken === 0 ? [] : [finding("warning", "corrupt_replies", `${broken} replies do not hold what was sent, or came from another address`, 0, broken)];
}

function unmet(severity: Finding["severity"], wanted: Expectations, seen: Evidence<Output>): Finding[] {
  const above = (reason: string, what: string, most: number | undefined, actual: number | null): Finding[] =>
    most === undefined || actual === null || actual <= most ? [] : [finding(severity, reason, `${what} is ${actual}, more than ${most}`, most, actual)];
  return [
    ...above("loss_too_high", "the loss in percent", wanted.max_loss_percent, seen.loss_percent),
    ...above("rtt_too_high", "the average round trip in ms", wanted.max_rtt_ms, seen.rtt.avg_ms),
    ...above("jitter_too_high", "the jitter in ms", wanted.max_jitter_ms, seen.jitter_ms),
    ...above("too_many_duplicates", "the number of duplicates", wanted.max_duplicates, seen.duplicates),
  ];
}
