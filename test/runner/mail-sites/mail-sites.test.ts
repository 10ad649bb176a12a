import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { refusalToProbe } from "../../../runner/mail-sites/probing-allowed.js";
import { summaryOf } from "../../../runner/mail-sites/profile.js";
import { siteOf } from "../../../runner/mail-sites/site.js";
import { timeoutsFor } from "../../../runner/mail-sites/site-timeouts.js";
import {
  BehaviourStore,
  MAX_OBSERVATIONS,
  OBSERVATION_LIFE_MS,
  type Observation,
  type ObservationKind,
  type StoredObservation,
} from "../../../runner/mail-sites/store.js";
import { Summaries } from "../../../runner/mail-sites/summaries.js";
import { IN_MEMORY } from "../../../runner/sqlite/store-path.js";

const open: { close(): void }[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function store(path = IN_MEMORY, now?: () => number): BehaviourStore {
  const opened = new BehaviourStore(path, now);
  open.push(opened);
  return opened;
}

const answered = (ms: number): Observation => ({ kind: "answered", ms });
const NOW = Date.UTC(2026, 0, 1);

/** The newest first. */
function kept(...kinds: (ObservationKind | number)[]): StoredObservation[] {
  return kinds.map((kind, index) => ({
    ...(typeof kind === "number" ? answered(kind) : { kind, ms: null }),
    at: NOW - index * 1000,
  }));
}
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

describe("a site", () => {
  test.each([
    [["MX2.Example.org.", "mx1.example.org", "mx1.example.org"], "mx1.example.org,mx2.example.org"],
    [["acme-org.mail.protection.outlook.com"], "mail.protection.outlook.com"],
    [["aspmx.l.google.com", "alt1.aspmx.l.google.com"], "l.google.com"],
    [["mxa-001.gslb.pphosted.com", "mxb-001.gslb.pphosted.com"], "pphosted.com"],
    [["notgoogle.com"], "notgoogle.com"],
    [["evil-mimecast.com"], "evil-mimecast.com"],
    [[], ""],
  ])("%j is %s", (hosts, site) => {
    expect(siteOf(hosts)).toBe(site);
  });

  test("at another port is another one", () => {
    expect(siteOf(["mx.example.org"], 2525)).toBe("mx.example.org:2525");
    expect(siteOf(["mx.example.org"], 25)).toBe("mx.example.org");
  });
});

describe("experience", () => {
  test("is shared by all that open the same file, and outlives them", () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-behaviour-"));
    folders.push(folder);
    const path = join(folder, "deep", "behaviour.db");
    const first = store(path);
    first.add("mx.example.org", [answered(12), { kind: "greylisted", ms: 9 }]);
    first.keepCatchAll("example.org mx.example.org", { verdict: "no", code: 550, message: "unknown" }, 1000);
    first.flush();
    const second = store(path);
    expect(second.observations("mx.example.org").map(({ kind }) => kind)).toEqual(["greylisted", "answered"]);
    expect(second.catchAll("example.org mx.example.org")).toMatchObject({ verdict: "no", code: 550 });
    expect(second.observations("other.example.org")).toEqual([]);
  });

  test("of another process is heard of within seconds", () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-behaviour-"));
    folders.push(folder);
    let now = NOW;
    const [one, other] = [store(join(folder, "behaviour.db"), () => now), store(join(folder, "behaviour.db"), () => now)];
    expect(other.observations("mx.example.org")).toEqual([]);
    one.add("mx.example.org", [answered(12)]);
    expect(one.observations("mx.example.org")).toHaveLength(1);
    now += 5000;
    expect(other.observations("mx.example.org")).toHaveLength(1);
  });

  test("that comes in a flood is written together, and not lost", () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-behaviour-"));
    folders.push(folder);
    const one = store(join(folder, "behaviour.db"));
    for (let index = 0; index < 50; index++) one.add("mx.example.org", [answered(index)]);
    expect(one.observations("mx.example.org")).toHaveLength(50);
    one.flush();
    expect(store(join(folder, "behaviour.db")).observations("mx.example.org")[0]).toMatchObject({ ms: 49 });
  });

  test("expires", () => {
    let now = NOW;
    const sites = store(IN_MEMORY, () => now);
    sites.add("mx.example.org", [answered(12)]);
    sites.keepCatchAll("example.org", { verdict: "yes", code: 250, message: "OK" }, 1000);
    now += 999;
    expect(sites.catchAll("example.org")).not.toBeNull();
    now += 2;
    expect(sites.catchAll("example.org")).toBeNull();
    now += OBSERVATION_LIFE_MS;
    expect(sites.observations("mx.example.org")).toEqual([]);
  });

  test("does not grow without end", () => {
    const sites = store();
    sites.add("mx.example.net", [answered(8), answered(9)]);
    for (let index = 0; index < 5; index++) sites.add("mx.example.org", times(150, answered(index)));
    const busy = sites.observations("mx.example.org").map(({ ms }) => ms);
    expect(busy).toEqual([...times(150, 4), ...times(MAX_OBSERVATIONS - 150, 3)]);
    expect(sites.observations("mx.example.net").map(({ ms }) => ms)).toEqual([9, 8]);
  });

  test("that cannot be kept is as if it were not there", () => {
    const closed = new BehaviourStore(IN_MEMORY);
    closed.close();
    expect(() => closed.add("mx.example.org", [answered(1)])).not.toThrow();
    expect(closed.observations("mx.example.org")).toEqual([]);
    expect(closed.catchAll("example.org")).toBeNull();
  });
});

describe("the profile of a site", () => {
  test.each([
    ["nothing known", [], "unknown"],
    ["a few quick answers", kept(10, 12), "normal"],
    ["many quick answers", kept(...times(10, 20)), "fast"],
    ["many answers that take their time", kept(...times(10, 800)), "normal"],
    ["one time-out among quick answers", kept("timeout", ...times(10, 20)), "normal"],
    ["time-outs half of the time", kept("timeout", 20, "timeout", 20), "tarpit"],
    ["answers after seconds", kept(2500, 3000, 2600, 2400), "tarpit"],
    ["two time-outs and no more", kept("timeout", "timeout"), "normal"],
    ["refusals one after the other", kept("refused_us", "refused_us", "refused_us", 20), "refusing"],
    ["refusals before an answer", kept(20, "refused_us", "refused_us", "refused_us"), "normal"],
  ] as const)("after %s is %s", (_what, observations, profile) => {
    expect(summaryOf(observations, NOW).profile).toBe(profile);
  });

  test("forgets refusals after an hour", () => {
    const refusals = kept("refused_us", "refused_us", "refused_us");
    expect(summaryOf(refusals, NOW).profile).toBe("refusing");
    expect(summaryOf(refusals, NOW + 3600 * 1000).profile).toBe("normal");
  });

  test("knows percentiles, and when it was last greylisted", () => {
    const summary = summaryOf(kept(...Array.from({ length: 100 }, (_, index) => index + 1), "greylisted"), NOW);
    expect(summary).toMatchObject({ latencyP50Ms: 50, latencyP95Ms: 95, lastGreylistedAt: NOW - 100_000, observations: 101 });
  });
});

test("what is settled is looked at twice a second, and what is not each time", () => {
  let now = NOW;
  const sites = store(IN_MEMORY, () => now);
  const summaries = new Summaries(sites, () => now);
  for (let index = 1; index <= 99; index++) {
    sites.add("mx.example.org", [answered(5)]);
    expect(summaries.of("mx.example.org").observations).toBe(index);
  }
  sites.add("mx.example.org", [answered(5)]);
  expect(summaries.of("mx.example.org").observations).toBe(100);
  sites.add("mx.example.org", [answered(5)]);
  expect(summaries.of("mx.example.org").observations).toBe(100);
  now += 500;
  expect(summaries.of("mx.example.org").observations).toBe(101);
});

describe("timeouts and retries", () => {
  const asked = { connect_timeout_ms: 5000, command_timeout_ms: 10_000 };
  test.each([
    ["unknown", [], { connect_timeout_ms: 5000, command_timeout_ms: 10_000, mayAskRandom: true }],
    ["fast", kept(...times(10, 20)), { connect_timeout_ms: 5000, command_timeout_ms: 3000, mayAskRandom: true }],
    ["fast with a slow one", kept(...times(10, 400)), { connect_timeout_ms: 5000, command_timeout_ms: 8000, mayAskRandom: true }],
    ["tarpit", kept(...times(4, "timeout" as const)), { connect_timeout_ms: 2500, command_timeout_ms: 5000, retries: 0, mayAskRandom: false }],
    ["refusing", kept(...times(3, "refused_us" as const)), { connect_timeout_ms: 5000, command_timeout_ms: 10_000, retries: 0, mayAskRandom: false }],
  ])("with a site that is %s", (_profile, observations, expected) => {
    expect(timeoutsFor(summaryOf(observations, NOW), asked)).toMatchObject(expected);
  });

  test("is never longer than the input's", () => {
    const short = { connect_timeout_ms: 100, command_timeout_ms: 200 };
    for (const observations of [[], kept(...times(10, 20)), kept(...times(4, "timeout" as const))]) {
      const { connect_timeout_ms: connect, command_timeout_ms: command } = timeoutsFor(summaryOf(observations, NOW), short);
      expect(connect).toBeLessThanOrEqual(100);
      expect(command).toBeLessThanOrEqual(200);
    }
  });
});

describe("whether this machine may ask", () => {
  test.each([
    [{}, true],
    [{ SMTP_PROBES_ENABLED: "1" }, true],
    [{ SMTP_PROBES_ENABLED: "0" }, false],
    [{ SMTP_PROBES_ENABLED: " Off " }, false],
    [{ SMTP_PROBES_ALLOWED_HOSTS: "" }, true],
    [{ SMTP_PROBES_ALLOWED_HOSTS: "other, Verifier" }, true],
    [{ SMTP_PROBES_ALLOWED_HOSTS: "verifier.example.net" }, true],
    [{ SMTP_PROBES_ALLOWED_HOSTS: "example.net" }, false],
    [{ SMTP_PROBES_ENABLED: "no", SMTP_PROBES_ALLOWED_HOSTS: "verifier" }, false],
  ])("%o: %s", (env, may) => {
    expect(refusalToProbe(env, () => "verifier.example.net") === null).toBe(may);
  });
});
