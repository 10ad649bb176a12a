import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import type { CheckView } from "../../../schemas/status-api.js";
import { probeRun } from "../cli/command-line.js";
import { startReceiver, startSwitch, startWatching, type Watching } from "./watching.js";

/** A slot is a second, and the machine may be busy. */
const POLLING = { timeout: 20_000, interval: 50 };

let folder: string;
let site: Awaited<ReturnType<typeof startSwitch>>;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let watching: Watching | null = null;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-watch-"));
  site = await startSwitch();
  receiver = await startReceiver();
});

afterEach(async () => {
  await watching?.stop();
  watching = null;
  await Promise.all([site.close(), receiver.close()]);
  rmSync(folder, { recursive: true });
});

/** Checks by name, each with a path of the site and more words for its `watch:`. */
function write(checks: Readonly<Record<string, string>>, watch = ""): void {
  const lines = Object.entries(checks).map(
    ([name, words]) => `  - { probe: webapp.http, name: ${name}, input: { url: "${site.origin}/${name}" }, watch: { ${words} } }`,
  );
  const usual = `watch: { every: 1s, fire_after: 2, clear_after: 2, notify: [{ to: "${receiver.url}" }] ${watch} }`;
  writeFileSync(join(folder, "checks.yaml"), `name: sites\n${usual}\nchecks:\n${lines.join("\n")}\n`);
}

async function watch(): Promise<Watching> {
  watching = await startWatching("checks.yaml", folder, ["--history", "history.db"]);
  return watching;
}

async function view(name: string): Promise<CheckView> {
  const response = await fetch(`${watching?.address}/api/v1/checks`);
  const { checks } = (await response.json()) as { checks: CheckView[] };
  return checks.find((check) => check.name === `webapp.http ${name}`) as CheckView;
}

/** The id of a notification without the check and the moment. */
const changeOf = (id: string): string => id.replace(/^[0-9a-f]{16}:(\d+)-\d+:/, "$1:");
const notifications = (): string[] => receiver.taken.map(({ data }) => `${data.check} ${data.kind}`);

describe("an incident", () => {
  test("is notified when it opens and when it closes; both are stored", async () => {
    write({ front: "" });
    const { address, err } = await watch();
    await expect.poll(async () => (await view("front")).outcome, POLLING).toBe("ok");
    site.down.add("/front");
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error"]);
    expect(await view("front")).toMatchObject({ outcome: "error", incident: { number: 1, is_flapping: false }, reason: expect.stringContaining("503") });
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toMatch(/^probe_run_watch_incident_open\{suite="sites",check="webapp.http front"\} 1$/m);
    expect(metrics).toMatch(/^probe_run_watch_check_up\{.*\} 0$/m);
    const page = await fetch(`${address}/`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(page.headers.get("refresh")).toBe("60");
    const text = await page.text();
    expect(text).toMatch(/✘ <a href="check\/[0-9a-f]{16}">webapp\.http front<\/a><\/strong> since .*\n?.*503/);
    const href = /href="(check\/[0-9a-f]{16})"/.exec(text)?.[1];
    const own = await (await fetch(`${address}/${href}`)).text();
    expect(own).toMatch(/Envelope of the last run[\s\S]*&quot;status&quot;: &quot;error&quot;[\s\S]*Envelope of the newest failure/);
    expect(own).toMatch(/<th scope="row">connect<\/th>/);
    expect((await fetch(`${address}/check/0000000000000000`)).status).toBe(404);
    expect((await fetch(`${address}/?reload=no`)).headers.get("refresh")).toBeNull();
    site.down.clear();
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error", "webapp.http front recovered"]);
    const [opened, closed] = receiver.taken;
    expect(opened).toMatchObject({
      type: "probe-run.incident",
      id: expect.stringMatching(/^[0-9a-f]{16}:1-\d{10}:1$/),
      subject: "webapp.http front",
      data: { suite: "sites", target: null, probe: "webapp.http", incident: 1, outcome: "error", reason: expect.stringContaining("503") },
    });
    expect(closed?.id).toBe(opened?.id.replace(/1$/, "2"));
    expect(closed?.data).toMatchObject({ opened_time: opened?.data.opened_time, outcome: "ok", reason: null });
    expect(receiver.attempts).not.toContain("a wrong signature");
    expect(err()).toMatch(/webapp\.http front: error \(incident 1\): .*503/);
    expect(await watching?.stop()).toBe(0);

    const history = new History(join(folder, "history.db"));
    const incidents = history.driver.prepare("SELECT * FROM incidents").all();
    expect(incidents).toMatchObject([{ number: 1, closed_at: expect.any(Number), is_flapping: 0 }]);
    const evidence = history.driver.prepare("SELECT output FROM evidence LIMIT 1").all() as { output: string }[];
    expect(JSON.parse(evidence[0]?.output ?? "")).toMatchObject({ hops: [{ status: 503 }] });
    history.close();
  });

  test("--public: the page and the API show names and states only", async () => {
    write({ front: "" });
    watching = await startWatching("checks.yaml", folder, ["--history", "history.db", "--public"]);
    site.down.add("/front");
    await expect.poll(async () => (await view("front")).incident, POLLING).not.toBeNull();
    expect(await view("front")).toMatchObject({ outcome: "error", reason: null, target: null, probe: null });
    const page = await (await fetch(`${watching.address}/`)).text();
    expect(page).toContain("webapp.http front</a>");
    expect(page).not.toMatch(/503|127\.0\.0\.1/);
  });

  test("that is open when the watch ends is open after its restart, and is notified once", async () => {
    write({ front: "" });
    await watch();
    site.down.add("/front");
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error"]);
    await watching?.stop();
    await watch();
    expect((await view("front")).incident).toMatchObject({ number: 1 });
    site.down.clear();
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error", "webapp.http front recovered"]);
    expect(receiver.taken.map(({ id }) => changeOf(id))).toEqual(["1:1", "1:2"]);
  });

  test("of a check that the file has no more is closed as removed", async () => {
    write({ front: "", back: "" });
    await watch();
    site.down.add("/front");
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error"]);
    await watching?.stop();
    write({ back: "" });
    await watch();
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error", "webapp.http front removed"]);
  });

  test("confirm_after: the second failure does not wait for the next slot", async () => {
    // An hour's slot does not begin in time: the child, which fails, asks for the first run.
    write({ front: "every: 1h, confirm_after: 300ms", child: "depends_on: [front]" });
    site.down.add("/child").add("/front");
    await watch();
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error"]);
  });
});

describe("what another check explains", () => {
  test("if parent and child fail at the same time, only the parent is notified", async () => {
    write({ parent: "", child: "depends_on: [parent]" });
    await watch();
    site.down.add("/child").add("/parent");
    await expect.poll(notifications, POLLING).toEqual(["webapp.http parent error"]);
    await expect.poll(async () => (await view("child")).outcome, POLLING).toBe("suppressed");
    expect((await view("child")).reason).toMatch(/^webapp\.http parent fails, which this depends on; /);
    site.down.delete("/parent");
    await expect.poll(notifications, POLLING).toEqual(["webapp.http parent error", "webapp.http parent recovered", "webapp.http child error"]);
  });

  test("while every canary fails, failures of others are unknown", async () => {
    write({ canary1: "", canary2: "", front: "" }, ", canaries: [canary1, canary2]");
    await watch();
    for (const path of ["/canary1", "/canary2", "/front"]) site.down.add(path);
    await expect.poll(async () => (await view("front")).outcome, POLLING).toBe("unknown");
    await expect.poll(notifications, POLLING).toEqual(["the watch itself error"]);
    expect((await view("front")).incident).toBeNull();
    site.down.delete("/canary1");
    await expect.poll(notifications, POLLING).toContain("webapp.http front error");
    expect(notifications()).toContain("the watch itself recovered");
  });
});

describe("a receiver", () => {
  test("that is not ready gets the same notification again, and in order", async () => {
    await receiver.close();
    receiver = await startReceiver((count) => (count <= 2 ? 503 : 200));
    write({ front: "" });
    const { err } = await watch();
    site.down.add("/front");
    await expect.poll(() => receiver.attempts.length, POLLING).toBeGreaterThan(0);
    site.down.clear();
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error", "webapp.http front recovered"]);
    expect(receiver.attempts.map(changeOf)).toEqual(["1:1", "1:1", "1:1", "1:2"]);
    expect(err()).toContain("is not taken, and will be sent again");
  });

  test("that cannot be used is named, and a program that is missing is reported at the start", async () => {
    const file = join(folder, "checks.yaml");
    const suite = (notify: string): string =>
      `name: sites\nwatch: { every: 1h, notify: [${notify}] }\nchecks:\n  - { probe: webapp.http, input: { url: "${site.origin}/" } }\n`;
    writeFileSync(file, suite(`{ to: "${receiver.url}" }, { to: "${receiver.url}#secret=env:PROBE_RUN_NO_SUCH" }`));
    await expect(watch()).rejects.toThrow("receiver 2 of watch.notify cannot be used\n  env:PROBE_RUN_NO_SUCH: there is no such environment variable");
    writeFileSync(file, suite(`{ program: ["${process.execPath}"] }, { program: [/no/such/pager, now] }`));
    const { err } = await watch();
    expect(
      err()
        .split("\n")
        .filter((line) => line.includes("installed")),
    ).toEqual(["probe-run: /no/such/pager of watch.notify is not installed: what it is to get waits until it is"]);
  });

  test("gets only the events of its filter", async () => {
    write({ front: "" });
    const file = join(folder, "checks.yaml");
    writeFileSync(
      file,
      `name: sites\nwatch: { every: 1s, fire_after: 1, clear_after: 1, notify: [{ to: "${receiver.url}", on: [recovered] }] }\nchecks:\n  - { probe: webapp.http, name: front, input: { url: "${site.origin}/front" } }\n`,
    );
    await watch();
    site.down.add("/front");
    await expect.poll(async () => (await view("front")).incident, POLLING).not.toBeNull();
    site.down.clear();
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front recovered"]);
  });
});

describe("a changed file", () => {
  test("is read on SIGHUP: an open incident stays open, a removed check is closed, a new one runs", async () => {
    write({ front: "", back: "" });
    const { err } = await watch();
    site.down.add("/front").add("/back");
    await expect.poll(() => notifications().sort(), POLLING).toEqual(["webapp.http back error", "webapp.http front error"]);
    write({ front: "clear_after: 1", side: "" });
    watching?.hangUp();
    await expect.poll(async () => (await view("side"))?.outcome, POLLING).toBe("ok");
    expect((await view("front")).incident).toMatchObject({ number: 1 });
    expect(await view("back")).toBeUndefined();
    expect(err()).toContain("watching 2 checks of the changed file");
    await expect.poll(notifications, POLLING).toContain("webapp.http back removed");
    site.down.clear();
    await expect.poll(notifications, POLLING).toContain("webapp.http front recovered");
    expect(receiver.taken).toHaveLength(4);
    const metrics = await (await fetch(`${watching?.address}/metrics`)).text();
    expect(Number(/results_total\{outcome="error"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThanOrEqual(4);
  });

  test("that is wrong, by itself or in a receiver, is reported with its line, and the one before it stays in use", async () => {
    write({ front: "" });
    const { err } = await watch();
    await expect.poll(async () => (await view("front")).outcome, POLLING).toBe("ok");
    const before = (await view("front")).last_time as string;
    writeFileSync(join(folder, "checks.yaml"), "name: sites\nwatch: { every: soon }\nchecks:\n  - { probe: webapp.http }\n");
    await expect.poll(err, POLLING).toMatch(/2:\d+ +watch\.every/);
    expect(err()).toContain("the file before it stays in use");
    writeFileSync(
      join(folder, "checks.yaml"),
      `name: sites\nwatch: { notify: [{ to: "ftp://a" }] }\nchecks:\n  - { probe: webapp.http, input: { url: "${site.origin}" } }\n`,
    );
    watching?.hangUp();
    await expect.poll(() => err().split("stays in use").length, POLLING).toBeGreaterThan(2);
    site.down.add("/front");
    await expect.poll(notifications, POLLING).toEqual(["webapp.http front error"]);
    expect(((await view("front")).last_time as string) > before).toBe(true);
  });
});

describe("the command", () => {
  test("--once runs every check, judged by the suite, and stores nothing", async () => {
    site.down.add("/broken");
    writeFileSync(
      join(folder, "checks.yaml"),
      `name: sites
targets: { a: { url: "${site.origin}/a" }, b: { url: "${site.origin}/broken" } }
checks:
  - { probe: webapp.http, name: answers }
  - { probe: webapp.http, name: is down, targets: [b], expect: { status: error } }
`,
    );
    const { code, out } = await probeRun(["watch", "checks.yaml", "--once", "--format", "tap"], { cwd: folder });
    expect(code).toBe(1);
    const points = out.split("\n").filter((line) => /^(not )?ok/.test(line));
    expect(points).toEqual(["ok 1 - a webapp.http answers", "not ok 2 - b webapp.http answers", "ok 3 - b webapp.http is down"]);
    expect(out).toContain("expected ok or warning, got error");
    const nagios = await probeRun(["watch", "checks.yaml", "--once", "--format", "nagios"], { cwd: folder });
    expect(nagios).toMatchObject({ code: 2, out: expect.stringMatching(/^PROBE-RUN CRITICAL - 2 of 3 ok \| /) });
    expect((await probeRun(["watch", "checks.yaml", "--once"], { cwd: folder })).out).toMatch(/3 runs: 2 ok, 1 error/);
  });

  test("a file that is wrong, or not there: exit 2, with lines", async () => {
    writeFileSync(join(folder, "checks.yaml"), "name: x\nwatch: { every: soon }\nchecks:\n  - { probe: network.smtpp }\n");
    const { code, err } = await probeRun(["watch", "checks.yaml", "--once"], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toMatch(/2:\d+ +watch\.every/);
    expect(await probeRun(["watch", "nowhere.yaml"], { cwd: folder })).toMatchObject({ code: 2, out: "" });
  });

  test("a webhook without a secret is refused before anything runs", async () => {
    write({ front: "" });
    const { code, err } = await probeRun(["watch", "checks.yaml"], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain("no secret to sign with");
  });
});
