import "../runner/capabilities.js";
import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { accuracy } from "./accuracy.js";
import { curl } from "./curl.js";
import { data } from "./data.js";
import { deliver } from "./deliver.js";
import { dkim } from "./dkim.js";
import { dns } from "./dns.js";
import { lists } from "./lists.js";
import { memory } from "./memory.js";
import { network } from "./network.js";
import { posture } from "./posture.js";
import { queue } from "./queue.js";
import { queueRedis } from "./queue-redis.js";
import { rcpt } from "./rcpt.js";
import { send } from "./send.js";
import { startup } from "./startup.js";
import type { Bench } from "./support/bench.js";
import { verdictOf } from "./support/figure.js";
import { type Options, OptionsError, parseOptions } from "./support/options.js";
import { processorsInUse } from "./support/processors-in-use.js";
import { progressOn } from "./support/progress.js";
import { type Circumstances, isBusy, type PublishedFigure, publish, usageText } from "./support/published.js";
import { tableOf } from "./support/table.js";
import { openWorkshop } from "./support/workshop.js";
import { throughput } from "./throughput.js";
import { truth } from "./truth.js";
import { verify } from "./verify.js";
import { watch } from "./watch.js";
import { web } from "./web.js";

const BENCHES: readonly Bench[] = [
  throughput,
  startup,
  accuracy,
  memory,
  lists,
  dns,
  web,
  network,
  data,
  curl,
  queue,
  queueRedis,
  rcpt,
  send,
  dkim,
  verify,
  posture,
  deliver,
  watch,
  truth,
];

const HELP = `npm run bench [-- <names> --quick --explain --json FILE --page]

Measures probe-run from dist/ side by side with others on this machine, on the loopback only. bench/README.md says how to read it.

${BENCHES.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join("\n")}

  --quick      Small numbers, under a minute: to see that it works.
  --explain    Also say where the time of a start goes.
  --json FILE  Write the figures to a file, too.
  --page       Write them to docs/performance.md and to bench/figures.json, which npm run simulate reads.

The exit code is 0 whether a goal was met or missed, 1 when a bench could not do its work, 2 when this command line is wrong.

Example: npm run bench -- throughput startup --json figures.json
`;

// A Ctrl-C goes through the exit handlers, which stop what was started.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
  const options = parseOptions(
    process.argv.slice(2),
    BENCHES.map(({ name }) => name),
  );
  if (options.help) process.stdout.write(HELP);
  else await runBenches(options);
} catch (error) {
  if (!(error instanceof OptionsError)) throw error;
  process.stderr.write(`${error.message}\nnpm run bench -- --help shows what it takes.\n`);
  process.exitCode = 2;
}

async function runBenches(options: Options): Promise<void> {
  const progress = progressOn(process.stderr);
  const workshop = await openWorkshop(progress.say);
  const figures: PublishedFigure[] = [];
  const done: string[] = [];
  for (const bench of BENCHES.filter(({ name }) => options.names.includes(name))) {
    const say = (text: string): void => progress.say(`${bench.name}: ${text}`);
    try {
      const before = await usageBefore(say);
      const measured = await bench.measure({ quick: options.quick, explain: options.explain, workshop, progress: say });
      const circumstances = circumstancesOf(before, options.quick);
      figures.push(...measured.map((figure) => ({ ...figure, ...circumstances })));
      done.push(bench.name);
      progress.clear();
      process.stdout.write(`${bench.summary}\n\n${tableOf(measured)}\n${machineText(circumstances)}\n`);
    } catch (error) {
      progress.clear();
      process.stderr.write(`the bench ${bench.name} broke: ${error instanceof Error ? error.stack : error}\n\n`);
      process.exitCode = 1;
    }
  }
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(reportOf(figures, options.quick), null, 2)}\n`);
  if (options.page) await publish(figures, done);
}

type UsageBefore = Pick<Circumstances, "in_use_before" | "load_before">;

async function usageBefore(say: (text: string) => void): Promise<UsageBefore> {
  say("is the machine quiet?");
  return { load_before: loadavg()[0] as number, in_use_before: await processorsInUse(2000) };
}

function circumstancesOf(before: UsageBefore, quick: boolean): Circumstances {
  const load_after = loadavg()[0] as number;
  return { measured_at: new Date().toISOString(), node: process.version, processors: availableParallelism(), ...before, load_after, quick };
}

function machineText(circumstances: Circumstances): string {
  const busy = isBusy(circumstances) ? " The machine was not quiet: read ratios and CPU times." : "";
  return `${usageText(circumstances)}.${busy}\n`;
}

function reportOf(figures: readonly PublishedFigure[], quick: boolean) {
  const common = { measured_at: new Date().toISOString(), node: process.version, processors: availableParallelism(), quick };
  return { ...common, figures: figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) })) };
}
