import type { Finding } from "../../../schemas/finding.js";
import type { Attempt } from "../../../schemas/network.js";
import type { Operation } from "../../../schemas/operation.js";
import type { Report } from "../../harness/run.js";
import { printableLine } from "../../support/printable.js";
import type { Style } from "../../support/style.js";
import { cellsOf, cut, pad } from "../../support/text-width.js";
import { wrapped } from "../../support/wrap-text.js";
import { type Target, targetsOf } from "../targets.js";
import type { Canvas } from "./canvas.js";
import { factLines } from "./facts.js";
import { type DrawnPath, pathPicture } from "./path-picture.js";
import { type DrawnRequest, requestRows, undrawnRequests } from "./request-rows.js";
import type { Row } from "./row.js";
import { bar, CUT, timeAxis } from "./time-axis.js";

const SHORTEST_BAR = 4;
const LONGEST_BAR = 48;

/** Operations of network.traceroute, whose hops are drawn as a path. */
const HOP = /^hop \d+$/;

/** A run as a timeline: its steps as bars on one time axis, then what it found out, and the result. `asked` names its target where the output does not. */
export function waterfall(report: Report, { width, style }: Canvas, asked: string | null = null): string {
  const { carried } = report;
  const path = pathOf(report);
  const rows = rowsOf(report, style).filter(({ name }) => path === null || !HOP.test(name));
  const lines = [heading(report, asked, { width, style }), ""];
  if (path !== null) lines.push(...pathPicture(path, { width, style }), "");
  if (rows.length > 0) lines.push(...drawn(rows, carried.duration_ms, { width, style }));
  const undrawn = undrawnRequests(requestsOf(report));
  if (undrawn !== null) lines.push(style.dim(`  ${undrawn}`));
  if (rows.length > 0) lines.push("");
  const facts = factLines(report.envelope.output as object, { width, style });
  if (facts.length > 0) lines.push(...facts, "");
  lines.push(...verdict(report, { width, style }));
  return `${lines.join("\n")}\n`;
}

function heading({ probe, version, carried }: Report, asked: string | null, { width, style: { bold, dim } }: Canvas): string {
  const targets = targetsOf({ ...carried });
  const named = targets.length === 0 && asked !== null ? [printableLine(asked)] : targets.map(nameOf);
  const target = named.length === 0 ? "" : `  ${named.join(", ")}`;
  const title = `${probe}@${version}`;
  const address =
    carried.ip_address === null || asked === carried.ip_address || targets.some(({ host }) => host === carried.ip_address) ? "" : `  ${carried.ip_address}`;
  return `${bold(title)}${cut(target, width - cellsOf(title))}${dim(cut(address, width - cellsOf(title) - cellsOf(target)))}`;
}

function nameOf({ host, port }: Target): string {
  return printableLine(port === null ? host : `${host} port ${port}`);
}

/** Of a probe that opens pages. */
function requestsOf({ carried }: Report): readonly DrawnRequest[] {
  const { waterfall: requests } = carried as { waterfall?: readonly DrawnRequest[] };
  return Array.isArray(requests) ? requests : [];
}

/** Of a probe that traces a path; null for others, and while nothing is known of it. */
function pathOf({ carried }: Report): DrawnPath | null {
  const { hops, routers, loops } = carried as Partial<DrawnPath>;
  if (!Array.isArray(hops) || hops.length === 0 || !Array.isArray(routers) || !Array.isArray(loops)) return null;
  return { hops, routers, loops, ip_address: carried.ip_address };
}

function rowsOf(report: Report, style: Style): Row[] {
  const { carried } = report;
  const requests = requestRows(carried.operations, requestsOf(report), style);
  const { attempts } = carried as { attempts?: readonly Attempt[] };
  let unshown = (attempts ?? []).filter(isDial);
  return carried.operations.flatMap((operation) => {
    const row = rowOf(operation, style);
    if (operation.name !== "connect") return [row, ...(requests.get(operation) ?? [])];
    const within = attemptsOf(operation, unshown);
    unshown = unshown.filter((attempt) => !within.includes(attempt));
    // With a single address that answered, the connect line says everything.
    if (within.length === 1 && within[0]?.outcome === "connected") return [row];
    return [row, ...within.map((attempt) => attemptRow(attempt, style))];
  });
}

function rowOf({ name, at_ms, duration_ms, code, message }: Operation, { red, yellow, blue, green }: Style): Row {
  // A connect without a message reached no host.
  const isLost = duration_ms === null || (name === "connect" && message === null) || (code !== null && code >= 500);
  const paint = isLost ? red : code !== null && code >= 400 ? yellow : name === "connect" ? blue : green;
  return { name: printableLine(name), at: at_ms, duration: duration_ms, code: code === null ? "" : String(code), words: firstLine(message ?? ""), paint };
}

/** Attempts of other probes are more than a dialled address, such as a whole delivery: their steps are operations. */
function isDial(attempt: object): boolean {
  return "error" in attempt && "ip_address" in attempt;
}

/** A probe may connect several times: an address belongs to the connect during which it was dialled. */
function attemptsOf(connect: Operation, attempts: readonly Attempt[]): readonly Attempt[] {
  const end = connect.duration_ms === null ? Number.POSITIVE_INFINITY : connect.at_ms + connect.duration_ms;
  return attempts.filter(({ at_ms }) => at_ms <= end);
}

function attemptRow({ ip_address, port, at_ms, duration_ms, outcome, error }: Attempt, { dim, red }: Style): Row {
  const words = `${outcome === "failed" ? (error ?? outcome) : outcome} ${ip_address} port ${port}`;
  return { name: "  attempt", at: at_ms, duration: duration_ms, code: "", words, paint: outcome === "failed" ? red : dim };
}

function drawn(rows: readonly Row[], total: number, { width, style }: Canvas): string[] {
  const names = Math.min(24, Math.floor(width * 0.3), Math.max(...rows.map(({ name }) => cellsOf(name))));
  const codes = Math.max(...rows.map(({ code }) => code.length));
  const durations = rows.map(({ duration }) => (duration === null ? "no end" : milliseconds(duration)));
  const times = Math.max(...durations.map((text) => text.length));
  const fixed = 2 + names + 2 + 2 + times + (codes > 0 ? codes + 2 : 0);
  const bars = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, Math.floor((width - fixed) * 0.45)));
  const room = Math.max(0, width - fixed - bars - 2);
  const axis = timeAxis(rows, total, bars);
  const lines = rows.map((row, index) => {
    const cells = [pad(cut(row.name, names), names), row.paint(bar(row, axis)), pad(durations[index] as string, times, "right")];
    if (codes > 0) cells.push(row.paint(pad(row.code, codes)));
    return `  ${[...cells, style.dim(cut(row.words, room))].join("  ")}`.trimEnd();
  });
  return axis.cuts.length === 0 ? lines : [...lines, ...wrapped(`${CUT} a wait that was longer than it is drawn`, width).map(style.dim)];
}

function verdict({ carried }: Report, { width, style }: Canvas): string[] {
  const { status, failure, duration_ms } = carried;
  const { findings } = carried as { findings?: readonly Finding[] };
  const mark = { ok: style.green("✔ ok"), warning: style.yellow("▲ warning"), error: style.red("✘ error") }[status];
  const lines = [`${mark}  in ${milliseconds(duration_ms)}`];
  if (failure !== null) {
    lines.push(
      ...wrapped(`${failure.phase}: ${failure.code}: ${printableLine(failure.message)}${failure.retryable ? " (a later run may succeed)" : ""}`, width).map(
        style.red,
      ),
    );
  }
  for (const { severity, reason, message } of findings ?? []) {
    lines.push(...wrapped(`${reason}: ${printableLine(message)}`, width).map(severity === "error" ? style.red : style.yellow));
  }
  return lines;
}

function firstLine(message: string): string {
  return printableLine(message.split("\n", 1)[0] as string);
}

function milliseconds(duration: number): string {
  if (duration >= 10_000) return `${(duration / 1000).toFixed(1)} s`;
  return `${duration.toFixed(duration < 100 ? 1 : 0)} ms`;
}
