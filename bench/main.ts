import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { accuracy } from "./accuracy.js";
import { deliver } from "./deliver.js";
import { dkim } from "./dkim.js";
import { dns } from "./dns.js";
import { lists } from "./lists.js";
import { memory } from "./memory.js";
import { posture } from "./posture.js";
import { queue } from "./queue.js";
import { queueRedis } from "./queue-redis.js";
import { rcpt } from "./rcpt.js";
import { send } from "./send.js";
import { startup } from "./startup.js";
import type { Bench } from "./support/bench.js";
import { type Figure, verdictOf } from "./support/figure.js";
import { type Options, OptionsError, parseOptions } from "./support/options.js";
import { progressOn } from "./support/progress.js";
import { tableOf } from "./support/table.js";
import { openWorkshop } from "./support/workshop.js";
import { throughput } from "./throughput.js";
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
  queue,
  queueRedis,
  rcpt,
  send,
  dkim,
  verify,
  posture,
  deliver,
  watch,
];

/** More than this share of the processors was in use by others: rates are too low then, and ratios spread. */
const BUSY_SHARE = 0.25;

const HELP = `npm run bench [-- <names> --quick --explain --json FILE]

Measures probe-run from dist/ side by side with others on this machine, on the loopback only. bench/README.md says how to read it.

${BENCHES.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join("\n")}

  --quick      Small numbers, under a minute: to see that it works.
  --explain    Also say where the time of a start goes.
  --json FILE  Write the figures to a file, too.

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
  // Before the bench itself makes load.
  const load = loadavg()[0] as number;
  const workshop = await openWorkshop(progress.say);
  const figures: Figure[] = [];
  for (const bench of BENCHES.filter(({ name }) => options.names.includes(name))) {
    const say = (text: string): void => progress.say(`${bench.name}: ${text}`);
    try {
      const measured = await bench.measure({ quick: options.quick, explain: options.explain, workshop, progress: say });
      figures.push(...measured);
      progress.clear();
      process.stdout.write(`${bench.summary}\n\n${tableOf(measured)}\n`);
    } catch (error) {
      progress.clear();
      process.stderr.write(`the bench ${bench.name} broke: ${error instanceof Error ? error.stack : error}\n\n`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(loadText(load));
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(reportOf(figures, options.quick, load), null, 2)}\n`);
}

function loadText(load: number): string {
  const processors = availableParallelism();
  const isBusy = load > BUSY_SHARE * processors;
  return `Load average before the bench: ${load.toFixed(1)} on ${processors} processors.${isBusy ? " The machine was not quiet: read ratios and CPU times." : ""}\n`;
}

function reportOf(figures: readonly Figure[], quick: boolean, load: number) {
  return {
    measured_at: new Date().toISOString(),
    node: process.version,
    processors: availableParallelism(),
    load_average: load,
    quick,
    figures: figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) })),
  };
}
