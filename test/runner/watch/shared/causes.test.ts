import { beforeEach, describe, expect, test } from "vitest";
import { readSuite } from "../../../../runner/suite/read.js";
import type { RawOutcome } from "../../../../runner/watch/judge.js";
import { Causes } from "../../../../runner/watch/shared/causes.js";
import { type CheckState, FIRST_STATE } from "../../../../runner/watch/state.js";
import { type WatchedCheck, type WatchPlan, watchPlanOf } from "../../../../runner/watch/watch-plan.js";
import { suiteOf } from "../simulated.js";

const OWN = { outcome: "error", why: null };
const SUPPRESSED = { outcome: "suppressed", why: "network.tcp parent fails, which this depends on" };
const OFFLINE = { outcome: "unknown", why: expect.stringContaining("every canary fails") };

let plan: WatchPlan;
let asked: string[];
let states: Record<string, CheckState>;
let isBlind: boolean;

const called = (name: string): WatchedCheck => plan.checks.find(({ planned }) => planned.check.name === name) as WatchedCheck;

async function causesOf(checks: Readonly<Record<string, string>>, watch = "") {
  plan = await watchPlanOf(await readSuite("checks.yaml", suiteOf(watch, checks), {}));
  const state = (key: string): CheckState => states[plan.checks.find((check) => check.key === key)?.planned.check.name as string] ?? FIRST_STATE;
  const causes = new Causes(plan, {
    state,
    isBlind: () => isBlind,
    ask({ planned }, at) {
      asked.push(`${planned.check.name}@${at}`);
      return at;
    },
  });
  return {
    ended: (name: string, at: number, outcome: RawOutcome, knownAt = at + 10) => causes.ended(called(name).key, { at, knownAt }, outcome),
    of: (name: string, at: number, knownAt = at + 10) => causes.of(called(name), { at, knownAt }),
  };
}

beforeEach(() => {
  asked = [];
  states = {};
  isBlind = false;
});

describe("a child and its parent", () => {
  const FAMILY = { parent: "", child: "watch: { depends_on: [parent] }", other: "watch: { depends_on: [parent] }" };

  test("a parent that was fine before is run again, once for all", async () => {
    const { ended, of } = await causesOf(FAMILY);
    ended("parent", 90, "ok");
    expect([of("child", 100, 120), of("other", 99, 119), of("child", 100, 120)]).toEqual([null, null, null]);
    expect(asked).toEqual(["parent@120"]);
    ended("parent", 120, "error");
    expect([of("child", 100, 120), of("other", 99, 119)]).toEqual([SUPPRESSED, SUPPRESSED]);
    expect(asked).toHaveLength(1);
  });

  test("one that is fine after the failure was known leaves it to the child; one that began between is not believed", async () => {
    const { ended, of } = await causesOf(FAMILY);
    ended("parent", 105, "ok");
    expect(of("child", 100, 120)).toBeNull();
    ended("parent", 120, "warning");
    expect(of("child", 100, 120)).toEqual(OWN);
  });

  test("a failure between is enough", async () => {
    const { ended, of } = await causesOf(FAMILY);
    ended("parent", 105, "error");
    expect(of("child", 100, 120)).toEqual(SUPPRESSED);
    expect(asked).toEqual([]);
  });

  test("a parent that was seen to be fine again only after the child's slot began failed at that time", async () => {
    const { ended, of } = await causesOf(FAMILY);
    ended("parent", 50, "error");
    ended("parent", 110, "ok", 130);
    expect(of("child", 100, 105)).toEqual(SUPPRESSED);
    expect(of("child", 131, 140)).toBeNull();
    ended("parent", 140, "ok");
    expect(of("child", 131, 140)).toEqual(OWN);
  });

  test("a later failure asks again, after the run that is under way", async () => {
    const { ended, of } = await causesOf(FAMILY);
    expect(of("child", 100, 120)).toBeNull();
    expect(of("other", 121, 150)).toBeNull();
    expect(asked).toEqual(["parent@120"]);
    ended("parent", 120, "ok");
    expect(of("child", 100, 120)).toEqual(OWN);
    expect(of("other", 121, 150)).toBeNull();
    expect(asked).toEqual(["parent@120", "parent@150"]);
  });

  test("one that could not be run is not fine", async () => {
    const { ended, of } = await causesOf(FAMILY);
    ended("parent", 120, "unknown");
    expect(of("child", 100, 120)).toEqual(SUPPRESSED);
  });

  test("after a restart, the states say what was recorded", async () => {
    const { of } = await causesOf(FAMILY);
    for (const [outcome, more, cause] of [
      ["suppressed", {}, SUPPRESSED],
      ["maintenance", { fails_in_maintenance: true }, SUPPRESSED],
      ["maintenance", {}, OWN],
      ["ok", {}, OWN],
    ] as const) {
      states.parent = { ...FIRST_STATE, last_at: 130, outcome, ...more };
      expect(of("child", 100, 120)).toEqual(cause);
    }
    expect(asked).toEqual([]);
  });
});

describe("canaries", () => {
  const CHECKS = { a: "", b: "", parent: "", child: "watch: { depends_on: [parent] }" };

  test("all of them fail: this machine is offline, and parents are not asked; one of them is fine: they are", async () => {
    const { ended, of } = await causesOf(CHECKS, "canaries: [a, b]");
    expect(of("child", 100, 120)).toBeNull();
    ended("a", 120, "error");
    ended("b", 120, "error");
    expect(of("child", 100, 120)).toEqual(OFFLINE);
    expect(of("a", 120, 130)).toEqual(OFFLINE);
    expect(asked).toEqual(["a@120", "b@120"]);
    ended("b", 140, "ok");
    expect(of("child", 155, 160)).toBeNull();
    ended("a", 160, "error");
    ended("b", 160, "ok");
    expect(of("child", 155, 160)).toBeNull();
    expect(asked.slice(2)).toEqual(["a@160", "b@160", "parent@160"]);
    ended("parent", 160, "ok");
    expect(of("child", 155, 160)).toEqual(OWN);
  });

  test("locations of a canary that disagree while an outage begins or ends do not hide that it fails", async () => {
    const { ended, of } = await causesOf(CHECKS, "canaries: [a, b]");
    ended("a", 100, "error");
    ended("b", 100, "unknown", 115);
    expect(of("parent", 100, 120)).toBeNull();
    expect(asked).toEqual(["b@120"]);
    ended("b", 120, "error");
    expect(of("parent", 100, 120)).toEqual(OFFLINE);

    for (const name of ["a", "b"]) {
      ended(name, 130, "unknown");
      ended(name, 140, "ok", 160);
    }
    expect(of("parent", 129, 150)).toEqual(OFFLINE);
    expect(of("a", 139, 155)).toEqual(OFFLINE);
    expect(asked).toHaveLength(1);
  });

  test("a canary of which nothing is known after the failure excuses nothing", async () => {
    const { ended, of } = await causesOf(CHECKS, "canaries: [a, b]");
    ended("a", 120, "error");
    ended("b", 120, "unknown");
    ended("parent", 120, "error");
    expect(of("parent", 100, 120)).toEqual(OWN);
  });

  test("after a restart in the middle of an outage, what is unknown had failed", async () => {
    const { of } = await causesOf(CHECKS, "canaries: [a, b]");
    states.a = { ...FIRST_STATE, last_at: 130, outcome: "unknown" };
    states.b = { ...FIRST_STATE, last_at: 130, outcome: "unknown" };
    isBlind = true;
    expect(of("child", 100, 120)).toEqual(OFFLINE);
  });
});
