import { createHash } from "node:crypto";
import type { SuiteCheck, SuiteWatch } from "../../schemas/suite.js";
import type { Keeping } from "../history/retention.js";
import type { PlannedCheck } from "../suite/plan.js";
import { ProblemCollector } from "../suite/problem-collector.js";
import type { ReadSuite } from "../suite/read.js";
import { durationMs } from "../support/duration.js";
import { assertNoCircle, checksNamed } from "./check-names.js";
import { type HeartbeatCheck, heartbeatChecksOf } from "./heartbeats/heartbeat-check.js";
import type { Objective } from "./objectives/burn.js";
import { checkMailSettings } from "./receivers/check-mail.js";
import { type Receiver, receiversOf } from "./receivers/receiver.js";
import type { ReportedCheck } from "./reported-check.js";
import type { MaintenanceWindow } from "./schedule/maintenance.js";
import { maintenanceOf, scheduleOf } from "./schedule/read-schedules.js";
import type { Schedule } from "./schedule/schedule.js";
import type { Rules } from "./state.js";

/** One check of a suite as it is watched. */
export interface WatchedCheck {
  /** Stays the same while suite, target and name do; with an id, while that does instead of the name. */
  readonly key: string;
  /** Of a check with an id: what its key was without one. */
  readonly nameKey: string | null;
  readonly name: string;
  readonly planned: PlannedCheck;
  readonly rules: Rules;
  readonly schedule: Schedule;
  readonly confirmAfterMs: number | null;
  /** Slots that were slept through are run once, late. */
  readonly catchesUp: boolean;
  readonly objective: Objective | null;
  /** Keys of the checks without which this one cannot work. */
  readonly dependsOn: readonly string[];
}

export interface WatchPlan {
  readonly suite: string;
  readonly checks: readonly WatchedCheck[];
  /** Jobs that report themselves. */
  readonly heartbeats: readonly HeartbeatCheck[];
  /** All of both, as pages show them. */
  readonly shown: readonly ReportedCheck[];
  /** Keys of the checks that fail when this machine is offline. */
  readonly canaries: readonly string[];
  /** How long before its expiry a certificate is reported. */
  readonly certificateWarnMs: readonly number[];
  readonly maintenance: readonly MaintenanceWindow[];
  readonly receivers: readonly Receiver[];
  /** Requested every minute; null without one. */
  readonly heartbeat: string | null;
  readonly keep: Keeping;
  /** Places whose workers run every check, with a queue. */
  readonly locations: readonly string[];
  /** How many of them must agree that a check fails. */
  readonly quorum: number;
}

type CheckWatch = NonNullable<SuiteCheck["watch"]>;

const USUAL_WARNINGS = ["21d", "7d"];
const USUAL_DAYS = 30;
/** Longer than a restart of what holds the secrets takes. */
const USUAL_UNKNOWN = "15m";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How a suite is to be watched. Throws a SuiteError with all that is wrong. */
export async function watchPlanOf({ suite, checks, files }: ReadSuite): Promise<WatchPlan> {
  const problems = new ProblemCollector(files);
  const watch: SuiteWatch = suite.watch ?? {};
  const keyOf = new Map(checks.map((planned) => [planned, keyFor(suite.name, planned)]));
  const named = (path: readonly (string | number)[], names: readonly string[], near: string | null): string[] =>
    names.flatMap((name, place) => {
      const found = checksNamed(checks, name, near);
      if (found.length === 0)
        problems.add([...path, place], "value", `there is no check ${JSON.stringify(name)}`, "give a check's name, with its target before it or without");
      return found.map((planned) => keyOf.get(planned) as string);
    });
  const watched: WatchedCheck[] = [];
  for (const planned of checks) {
    if (planned.transcript !== null)
      problems.add(["targets", planned.labels[0] as string, "transcript"], "value", "a transcript cannot be watched", "give a server, or run probe-run test");
    const own: CheckWatch = planned.check.watch ?? {};
    const { clear_after, confirm_after, objective, catch_up, unknown_after } = { ...watch, ...own };
    const path = ["checks", planned.index, "watch"];
    const key = keyOf.get(planned) as string;
    watched.push({
      key,
      nameKey: own.id === undefined ? null : keyFor(suite.name, { ...planned, check: { ...planned.check, watch: {} } }),
      name: planned.title,
      planned,
      rules: {
        fireAfter: fireAfterOf(planned, watch, problems),
        clearAfter: clear_after ?? 2,
        unknownAfterMs: durationMs(unknown_after ?? USUAL_UNKNOWN) as number,
      },
      schedule: await scheduleOf(key, watch, own, path, problems),
      objective: objective === undefined ? null : { good: objective.good, days: objective.days ?? USUAL_DAYS },
      confirmAfterMs: confirm_after === undefined ? null : (durationMs(confirm_after) as number),
      catchesUp: catch_up === "once",
      dependsOn: named([...path, "depends_on"], own.depends_on ?? [], planned.target),
    });
  }
  assertDistinct(watched, problems);
  assertNoCircle(watched, problems);
  const canaries = named(["watch", "canaries"], watch.canaries ?? [], null);
  assertCanaries(watched, canaries, problems);
  const rest = await settingsOf({ suite, watch, tags: checks.flatMap(({ tags }) => tags), problems });
  problems.throwIfAny();
  return { suite: suite.name, checks: watched, shown: [...watched, ...rest.heartbeats], canaries, ...rest };
}

interface Settings {
  readonly suite: ReadSuite["suite"];
  readonly watch: SuiteWatch;
  /** Of the checks. */
  readonly tags: readonly string[];
  readonly problems: ProblemCollector;
}

/** What is said for all checks together. */
async function settingsOf({ suite, watch, tags, problems }: Settings): Promise<Omit<WatchPlan, "suite" | "checks" | "shown" | "canaries">> {
  const heartbeats = heartbeatChecksOf(suite.name, watch, problems);
  const maintenance = await maintenanceOf(watch, new Set([...tags, ...heartbeats.flatMap((each) => each.tags)]), problems);
  await checkMailSettings(watch, problems);
  return {
    certificateWarnMs: (watch.certificates ?? USUAL_WARNINGS).map((before) => durationMs(before) as number),
    heartbeats,
    maintenance,
    receivers: receiversOf(watch, problems),
    heartbeat: heartbeatOf(watch, problems),
    keep: keepingOf(watch),
    ...placesOf(watch, problems),
  };
}

function assertDistinct(watched: readonly WatchedCheck[], problems: ProblemCollector): void {
  const keys = new Set<string>();
  for (const { key, planned } of watched) {
    if (keys.has(key)) problems.add(["checks", planned.index, "watch", "id"], "value", "another check of this target has the same id");
    keys.add(key);
  }
}

function placesOf({ locations = [], quorum: given }: SuiteWatch, problems: ProblemCollector): Pick<WatchPlan, "locations" | "quorum"> {
  const quorum = given ?? Math.max(1, Math.ceil(locations.length / 2));
  if (quorum > Math.max(1, locations.length)) problems.add(["watch", "quorum"], "value", "quorum must not be more than the number of locations");
  return { locations, quorum };
}

function assertCanaries(watched: readonly WatchedCheck[], canaries: readonly string[], problems: ProblemCollector): void {
  for (const { key, name, planned, dependsOn } of watched)
    if (canaries.includes(key) && dependsOn.length > 0)
      problems.add(["checks", planned.index, "watch", "depends_on"], "key", `${name} is a canary, and depends on another check`, "a canary stands by itself");
}

function keyFor(suite: string, { target, name, check: { watch } }: PlannedCheck): string {
  return createHash("sha256")
    .update(JSON.stringify(watch?.id === undefined ? [suite, target, name] : [suite, target, { id: watch.id }]))
    .digest("hex")
    .slice(0, 16);
}

function fireAfterOf({ check, index }: PlannedCheck, watch: SuiteWatch, problems: ProblemCollector): Rules["fireAfter"] {
  const given = (check.watch?.fire_after ?? watch.fire_after ?? 3) as number | { failures: number; of: number };
  if (typeof given === "number") return { failures: given, of: given };
  if (given.failures > given.of)
    problems.add(
      check.watch?.fire_after === undefined ? ["watch", "fire_after"] : ["checks", index, "watch", "fire_after"],
      "value",
      "failures must not be more than of",
    );
  return { failures: given.failures, of: given.of };
}

function heartbeatOf({ heartbeat }: SuiteWatch, problems: ProblemCollector): string | null {
  if (heartbeat !== undefined && !isPlainUrl(heartbeat))
    problems.add(["watch", "heartbeat"], "value", "a heartbeat is a URL with http or https, without user and password");
  return heartbeat ?? null;
}

function isPlainUrl(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, username, password } = new URL(written);
  return ["http:", "https:"].includes(protocol) && username === "" && password === "";
}

function keepingOf({ keep }: SuiteWatch): Keeping {
  const days = (written: string | undefined, usual: number): number =>
    written === undefined ? usual * DAY_MS : Math.max(MINUTE_MS, durationMs(written) as number);
  return { resultsMs: days(keep?.results, 2), failuresMs: days(keep?.failures, 90), hoursMs: days(keep?.hours, 90) };
}
