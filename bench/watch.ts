import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDriver } from "../runner/sqlite/driver.js";
import type { Bench, Setting } from "./support/bench.js";
import { startStarttlsServer } from "./support/contenders.js";
import type { Figure } from "./support/figure.js";
import { mostResidentKib, type Program, startProgram } from "./support/program.js";
import { percentile, ratios, spreadOf } from "./support/statistics.js";
import { type Effort, effortOf, figure, GOALS, observed, runsBeside, suiteOf } from "./watch/observed.js";
import { measureWithQueue } from "./watch/with-queue.js";

export const watch: Bench = {
  name: "watch",
  summary: "probe-run watch with many checks of one mail server with STARTTLS: how late they start, processor time, memory, the page; with a queue, too.",
  measure: async (setting) => [...(await measureAlone(setting)), ...(await measureWithQueue(setting))],
};

async function measureAlone(setting: Setting): Promise<Figure[]> {
  const { workshop, quick, progress } = setting;
  const effort = effortOf(quick);
  const server = await startStarttlsServer(workshop);
  const { port } = server.ready;
  let program: Program | null = null;
  try {
    progress("the same check with nothing beside it");
    const undisturbed = await runsBeside(workshop, port, effort.besideMs, Math.round(effort.seconds / 3));
    const file = join(workshop.folder, "checks.yaml");
    const history = join(workshop.folder, "history.db");
    writeFileSync(file, suiteOf(effort, port));
    progress(`${effort.checks} checks`);
    program = await startProgram(workshop.command, ["watch", file, "--history", history, "--listen", "127.0.0.1:0"], /\/metrics\n/);
    const [seen, beside] = await Promise.all([observed([program], effort), runsBeside(workshop, port, effort.besideMs, effort.seconds)]);
    const memory = mostResidentKib(program.pid);
    await program.stop();
    return [
      figure("lateness of a start, 99 %", "ms", seen.latenessMs, GOALS.latenessMs),
      figure("processor time in a second", "ms", seen.processorMs, GOALS.processorMs),
      figure("memory", "KiB", memory, GOALS.memoryKib),
      figure("the page, slowest", "ms", seen.pageMs, GOALS.pageMs),
      figure("slots that were missed", "slots", seen.missed, 0),
      ...timeFigures(measuredTimes(history, effort), { "single runs of another process, meanwhile": beside, "single runs, with nothing else": undisturbed }),
    ];
  } finally {
    await program?.stop();
    await server.stop();
  }
}

/** Of the last minute. */
function measuredTimes(history: string, { checks }: Effort): number[] {
  const driver = openDriver(history);
  const rows = driver.prepare("SELECT duration_us FROM results WHERE duration_us IS NOT NULL ORDER BY at DESC LIMIT ?").all(checks);
  driver.close();
  return (rows as { duration_us: number }[]).map(({ duration_us: microseconds }) => microseconds / 1000);
}

/** What other processes measure of the same server at the same time is due to the server and the machine; the rest is ours. */
function timeFigures(ours: readonly number[], peers: Readonly<Record<string, readonly number[]>>): Figure[] {
  return [0.5, 0.99].flatMap((share) =>
    Object.entries(peers).map(([peer, theirs]) => {
      const [our, their] = [percentile(ours, share), percentile(theirs, share)];
      const name = `time that a check measures, ${share === 0.5 ? "median" : "99 %"}`;
      return { ...figure(name, "ms", our, 0), peer, peers: spreadOf([their]), ratio: ratios([our], [their]), goal: null };
    }),
  );
}
