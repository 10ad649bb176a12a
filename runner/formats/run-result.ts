import type { Finding } from "../../schemas/finding.js";
import type { Report } from "../harness/run.js";
import { printable, printableLine } from "../support/printable.js";

/** One run as a format shows it. */
export interface RunResult {
  /** The probe's name, without a version. */
  readonly probe: string;
  /** What was probed; null if the input names nothing. */
  readonly target: string | null;
  /** Null: the run could not be made. */
  readonly report: Report | null;
  /** Why it could not be made; null if it was. */
  readonly error: string | null;
  /** When it ended: milliseconds since 1970. */
  readonly endedAt: number;
}

/** `network.smtp mx.example.org:25` */
export function titleOf({ probe, target }: RunResult): string {
  // The name of a watched check has its probe already: `mx1 network.smtp@2 greets`.
  const isNamed = target?.split(" ").some((word) => word === probe || word.startsWith(`${probe}@`)) ?? false;
  return oneLine(target === null ? probe : isNamed ? target : `${probe} ${target}`);
}

/** Why a run is not ok, on one line; empty if it is. */
export function reasonOf({ report, error }: Pick<RunResult, "report" | "error">): string {
  if (report === null) return oneLine(error ?? "it could not run");
  const { failure, status } = report.carried;
  if (failure !== null) return oneLine(`${failure.phase}: ${failure.code}: ${failure.message}`);
  const [worst] = findingsOf(report);
  return status === "ok" || worst === undefined ? "" : oneLine(worst.message);
}

/** What the probe judged, errors first. */
export function findingsOf({ carried }: Report): Finding[] {
  const { findings } = carried as { findings?: readonly Finding[] };
  return (findings ?? []).filter(({ message }) => typeof message === "string").sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
}

/** Text of a server or an input on one line, with nothing in it that acts on a terminal. */
export function oneLine(text: string): string {
  return printableLine(printable(text));
}
