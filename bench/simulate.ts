import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { inRepo } from "../scripts/repo.js";
import { ALL_JOBS, calibrate, checkModel } from "./simulation/check.js";
import { costsOf } from "./simulation/costs.js";
import { plansOf } from "./simulation/plans.js";
import { sizeFleet } from "./simulation/size-fleet.js";
import { checkTable, costsTable, fleetTable } from "./simulation/tables.js";
import { between } from "./support/between.js";
import { progressOn } from "./support/progress.js";
import { publishedFigures } from "./support/published.js";
import { openWorkshop } from "./support/workshop.js";

const HELP = `npm run simulate [-- --jobs N --no-check --page]

A discrete-event model of workers, sites, limits, latencies, greylisting and failures. First it has to reproduce a measured run
(about four minutes on a quiet machine; on the loopback only), then it prints what a fleet needs. docs/scale.md explains the tables.

  --jobs N     Jobs of the measured run; ${ALL_JOBS} by default. Fewer run faster, and their start weighs more.
  --no-check   Without the measured run: only the two small ones before it, which measure this machine.
  --page       Write the tables to docs/scale.md.

The costs of a job come from bench/figures.json: npm run bench -- throughput queue rcpt dns --page measures them. That of a transaction of the
store is measured here.
The exit code is 1 if the model is more than a tenth off.
`;

const options = { jobs: { type: "string" }, "no-check": { type: "boolean" }, page: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const { values } = parseArgs({ options });
if (values.help === true) process.stdout.write(HELP);
else await main(Number(values.jobs ?? ALL_JOBS), values["no-check"] === true, values.page === true);

async function main(jobs: number, isUnchecked: boolean, isForPage: boolean): Promise<void> {
  const sections = new Map<string, string>();
  // Each table as soon as it is known: the measured run takes minutes.
  const add = (name: string, table: string): void => {
    sections.set(name, table);
    process.stdout.write(`${table}\n`);
  };
  const progress = progressOn(process.stderr);
  const load = loadavg()[0] as number;
  const workshop = await openWorkshop(progress.say);
  const machine = await calibrate(workshop, progress.say);
  const check = isUnchecked ? null : await checkModel(jobs, machine, workshop, progress.say);
  progress.clear();
  if (check !== null) add("check", checkTable(check, { load, processors: availableParallelism() }));
  if (check?.isBelieved === false) process.exitCode = 1;
  const costs = costsOf(publishedFigures(), machine);
  add("costs", costsTable(costs));
  add("fleets", fleetTable(plansOf(costs).map((plan) => sizeFleet(plan))));
  if (!isForPage) return;
  let page = await readFile(inRepo("docs/scale.md"), "utf8");
  for (const [name, table] of sections) page = between(page, name, table);
  await writeFile(inRepo("docs/scale.md"), page);
}
