import type { SuiteWatch } from "../../../schemas/suite.js";
import type { ProblemCollector } from "../../suite/problem-collector.js";
import { durationMs } from "../../support/duration.js";
import { type CronTimes, readCron, readLocalTime } from "./cron.js";
import type { MaintenanceWindow } from "./maintenance.js";
import type { Schedule } from "./schedule.js";
import { rhythmOf } from "./slots.js";

type Path = readonly (string | number)[];
type Timing = Pick<SuiteWatch, "every" | "cron" | "zone">;

const USUAL_EVERY = "60s";
const LEAST_EVERY_MS = 1000;

/** The schedule of a check: its own `every` or `cron`, else that of the suite. */
export async function scheduleOf(key: string, suite: Timing, own: Timing, path: Path, problems: ProblemCollector): Promise<Schedule> {
  const isOwn = own.every !== undefined || own.cron !== undefined;
  const { every, cron } = isOwn ? own : suite;
  const zone = own.zone ?? suite.zone;
  const from = isOwn ? path : ["watch"];
  if (every !== undefined && cron !== undefined) problems.add([...from, "cron"], "key", "a check has every or cron, not both");
  const everyMs = durationMs(every ?? USUAL_EVERY) as number;
  if (everyMs < LEAST_EVERY_MS) problems.add([...from, "every"], "value", "every must be at least 1s");
  const times = cron === undefined ? null : await timesOf(() => comingTimes(cron, zone), [...from, "cron"], problems);
  return times ?? rhythmOf(key, Math.max(LEAST_EVERY_MS, everyMs));
}

export async function maintenanceOf(
  { maintenance = [], zone }: SuiteWatch,
  tags: ReadonlySet<string>,
  problems: ProblemCollector,
): Promise<MaintenanceWindow[]> {
  const windows: MaintenanceWindow[] = [];
  for (const [index, written] of maintenance.entries()) {
    const path = ["watch", "maintenance", index];
    const { cron, once } = written;
    for (const [place, tag] of (written.tags ?? []).entries())
      if (!tags.has(tag)) problems.add([...path, "tags", place], "value", `no check has the tag ${JSON.stringify(tag)}`);
    const read = cron === undefined ? readLocalTime : comingTimes;
    if ((cron === undefined) === (once === undefined)) {
      problems.add(path, "value", "a maintenance has cron or once");
      continue;
    }
    const times = await timesOf(() => read(cron ?? once ?? "", written.zone ?? zone), [...path, cron === undefined ? "once" : "cron"], problems);
    if (times !== null) windows.push({ starts: times, forMs: durationMs(written.for) as number, tags: written.tags ?? null });
  }
  return windows;
}

async function comingTimes(written: string, zone: string | undefined): Promise<CronTimes> {
  const times = await readCron(written, zone);
  if (times.next(Date.now()) === null) throw new Error("such a day never comes");
  return times;
}

async function timesOf(read: () => Promise<CronTimes>, path: Path, problems: ProblemCollector): Promise<CronTimes | null> {
  try {
    return await read();
  } catch (error) {
    problems.add(path, "value", (error as Error).message);
    return null;
  }
}
