import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { inRepo } from "../../scripts/repo.js";
import { between } from "./between.js";
import { type Figure, verdictOf } from "./figure.js";
import { goalNumeral, numeral, ratioText } from "./table.js";

/** The machine while a bench ran. */
export interface Circumstances {
  readonly measured_at: string;
  readonly node: string;
  readonly processors: number;
  /** Processors that others used before the bench; not in figures from before this was measured. */
  readonly in_use_before?: number;
  /** Load averages before the bench and after it. An earlier bench is part of the first one, and the bench itself of the second one. */
  readonly load_before: number;
  readonly load_after: number;
  /** Few rounds, in which the code is still cold. */
  readonly quick: boolean;
}

export type PublishedFigure = Figure & Circumstances;

export interface PublishedFigures {
  readonly figures: readonly PublishedFigure[];
}

/** More than this share of the processors was in use by others: rates are too low then, and ratios spread. */
const BUSY_SHARE = 0.25;

export function isBusy({ in_use_before, load_before, processors }: Circumstances): boolean {
  return (in_use_before ?? load_before) > BUSY_SHARE * processors;
}

const FIGURES = "bench/figures.json";
const PAGE = "docs/performance.md";

export function publishedFigures(): PublishedFigures {
  const path = inRepo(FIGURES);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as PublishedFigures) : { figures: [] };
}

/** Replaces the figures of the benches that ran, in bench/figures.json and in the table of docs/performance.md. */
export async function publish(measured: readonly PublishedFigure[], names: readonly string[]): Promise<void> {
  const kept = publishedFigures().figures.filter(({ bench }) => !names.includes(bench));
  const figures = [...kept, ...measured].sort((a, b) => a.bench.localeCompare(b.bench));
  await writeFile(inRepo(FIGURES), `${JSON.stringify({ figures }, null, 2)}\n`);
  const page = inRepo(PAGE);
  await writeFile(page, between(readFileSync(page, "utf8"), "figures", performanceTables(figures)));
}

/** A table for each bench, with the machine that it ran on. */
function performanceTables(figures: readonly PublishedFigure[]): string {
  const names = [...new Set(figures.map(({ bench }) => bench))];
  return names
    .map((name) =>
      tableFor(
        name,
        figures.filter(({ bench, skipped }) => bench === name && skipped === null),
      ),
    )
    .join("\n");
}

function tableFor(name: string, figures: readonly PublishedFigure[]): string {
  const [first] = figures;
  if (first === undefined) return `### ${name}\n\nNot measured: no peer is installed.\n`;
  const rows = figures.map((figure) => {
    const { ours, peers, ratio, goal, unit } = figure;
    const cells = [figure.name, spreadText(ours, unit), figure.peer, spreadText(peers, unit), ratio === null ? "" : ratioText(ratio)];
    const goalCell = goal === null ? "" : `${goal.of === "ratio" ? "ratio " : ""}at ${goal.at} ${goalNumeral(goal.value)}: ${verdictOf(figure)}`;
    return `| ${[...cells, goalCell, String(ours?.runs ?? peers?.runs ?? "")].map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  const head = ["| Figure | probe-run | Peer | of the peer | Ratio (min-max) | Goal | Runs |", "| --- | --- | --- | --- | --- | --- | --- |"];
  return [`### ${name}`, "", machineText(first), "", ...head, ...rows, ""].join("\n");
}

function machineText(circumstances: Circumstances): string {
  const { measured_at, node } = circumstances;
  const quick = circumstances.quick ? " **A quick run: few rounds, and the code was still cold.**" : "";
  const busy = isBusy(circumstances) ? " **The machine was busy: rates are too low; CPU times and ratios are usable.**" : "";
  return `${measured_at.slice(0, 10)}, Node ${node}, ${usageText(circumstances)}.${busy}${quick}`;
}

export function usageText({ processors, in_use_before, load_before, load_after }: Circumstances): string {
  const inUse = in_use_before === undefined ? "" : `, of which ${in_use_before.toFixed(2)} in use before the bench`;
  return `${processors} processors${inUse}, load average ${load_before.toFixed(1)} before and ${load_after.toFixed(1)} after`;
}

function spreadText(spread: Figure["ours"], unit: string): string {
  return spread === null ? "" : `${numeral(spread.median)} ${unit} (${numeral(spread.min)}-${numeral(spread.max)})`;
}
