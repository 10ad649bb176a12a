import type { SuiteWatch } from "../../../schemas/suite.js";
import type { ProblemCollector } from "../../suite/problem-collector.js";
import { durationMs } from "../../support/duration.js";
import { pseudoCheck, type ReportedCheck } from "../reported-check.js";

type Written = NonNullable<SuiteWatch["heartbeats"]>[number];

/** A job that reports itself: it requests a URL each time that it has run. */
export interface HeartbeatCheck extends ReportedCheck {
  /** Of one with an id: what its key was without it. */
  readonly nameKey: string | null;
  readonly everyMs: number;
  /** So much later it is missing; before that, it is late. */
  readonly graceMs: number;
  /** As it is written in the suite: perhaps a reference. */
  readonly token: Written["token"];
  readonly tags: readonly string[];
}

const LEAST_EVERY_MS = 1000;
const USUAL_GRACE = "5m";

/** The jobs whose requests are awaited. */
export function heartbeatChecksOf(suite: string, { heartbeats = [] }: SuiteWatch, problems: ProblemCollector): HeartbeatCheck[] {
  const keys = new Set<string>();
  return heartbeats.map((written, index) => {
    const check = heartbeatCheckOf(suite, written);
    if (check.everyMs < LEAST_EVERY_MS) problems.add(["watch", "heartbeats", index, "every"], "value", "every must be at least 1s");
    if (keys.has(check.key)) problems.add(["watch", "heartbeats", index, "name"], "value", "another heartbeat has the same name or id");
    keys.add(check.key);
    return check;
  });
}

/** Its first failure opens an incident, and its first success closes it: the job itself decides how often it tries. */
function heartbeatCheckOf(suite: string, { name, id, every, grace, token, tags = [] }: Written): HeartbeatCheck {
  const full = `heartbeat ${name}`;
  const named = pseudoCheck("heartbeat", suite, full);
  return {
    ...named,
    key: id === undefined ? named.key : pseudoCheck("heartbeat", suite, `id ${id}`).key,
    nameKey: id === undefined ? null : named.key,
    planned: { target: null, name: full, check: { probe: "heartbeat" } },
    everyMs: durationMs(every) as number,
    graceMs: durationMs(grace ?? USUAL_GRACE) as number,
    token,
    tags,
  };
}
