import type { Report } from "./entries.js";

export interface Agreed extends Omit<Report, "location" | "run"> {}

/**
 * What the locations agree on. A check is down when `quorum` of them say so, and they are at least half of those that reported. With fewer reports
 * than `quorum`, nothing is known; nor when some fail and those that are silent might decide it.
 */
export function agreed(reports: readonly Report[], locations: readonly string[], quorum: number): Agreed {
  const measured = reports.filter(({ outcome }) => outcome !== "unknown");
  const failing = measured.filter(({ outcome }) => outcome === "error");
  const base = { durationMs: median(measured.flatMap(({ durationMs }) => durationMs ?? [])), output: null };
  const silent = locations.length - measured.length;
  const isOpen = failing.length > 0 && failing.length < quorum && failing.length + silent >= quorum;
  if (measured.length < quorum || isOpen) return { ...base, outcome: "unknown", reason: tooFew(reports, locations) };
  if (failing.length >= quorum && failing.length * 2 >= measured.length) {
    const [first] = failing;
    return { ...base, outcome: "error", reason: said(failing, locations), output: first?.output ?? null };
  }
  const notable = measured.filter(({ outcome }) => outcome !== "ok");
  return notable.length === 0 ? { ...base, outcome: "ok", reason: null } : { ...base, outcome: "warning", reason: said(notable, locations) };
}

/** Of those that were measured; 0 if none was. */
export function failingShare(reports: readonly Report[]): number {
  const measured = reports.filter(({ outcome }) => outcome !== "unknown");
  return measured.length === 0 ? 0 : measured.filter(({ outcome }) => outcome === "error").length / measured.length;
}

function tooFew(reports: readonly Report[], locations: readonly string[]): string {
  const silent = locations.filter((name) => !reports.some(({ location }) => location === name));
  const missing = silent.length === 0 ? [] : [locations.length === 1 ? "no worker reported" : `no report from ${silent.join(", ")}`];
  return [...missing, ...reports.filter(({ outcome }) => outcome !== "ok").map((report) => said([report], locations))].join("; ");
}

function said(reports: readonly Report[], locations: readonly string[]): string {
  const reason = reports[0]?.reason ?? "it has a warning";
  return locations.length === 1 ? reason : `at ${reports.map(({ location }) => location).join(", ")}: ${reason}`;
}

function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : ([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] as number);
}
