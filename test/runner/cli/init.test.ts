import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { main } from "../../../runner/cli/cli.js";
import { readSuite } from "../../../runner/suite/read.js";
import { watchPlanOf } from "../../../runner/watch/watch-plan.js";
import type { Suite } from "../../../schemas/suite.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function init(words: readonly string[], stdin = ""): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const screen = { isTty: false, columns: 80 };
  const code = await main(["init", ...words], {
    out: async (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    stdin: (async function* () {
      yield Buffer.from(stdin);
    })(),
    stdout: screen,
    stderr: screen,
    env: {},
    cwd: folder,
    onInterrupt: () => () => undefined,
  });
  return { code, out, err };
}

const FILES = ["checks.yaml", "compose.yaml", "grafana", "probe-run.service", "prometheus.yml"];
const suite = (): Suite => parse(readFileSync(join(folder, "checks.yaml"), "utf8")) as Suite;

test("options make a suite that can be watched, with a probe by the form of each target", async () => {
  const { code, out } = await init([
    ...["https://example.org/", "mx.example.org:25", "db.example.org:5433", "192.0.2.1"].flatMap((target) => ["--target", target]),
    ...["--every", "5m", "--notify", "https://hook.example.org/x"],
  ]);
  expect(code).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(FILES);
  expect(suite().checks.map(({ probe, input }) => [probe, input])).toEqual([
    ["webapp.http", { url: "https://example.org/" }],
    ["network.smtp", { target_host: "mx.example.org", target_port: 25 }],
    ["network.tcp", { target_host: "db.example.org", target_port: 5433 }],
    ["network.ping", { target_host: "192.0.2.1" }],
  ]);
  const plan = await watchPlanOf(await readSuite("checks.yaml", readFileSync(join(folder, "checks.yaml"), "utf8"), {}));
  expect(plan.receivers).toMatchObject([{ kind: "webhook", to: "https://hook.example.org/x#secret=env:HOOK_SECRET" }]);
  expect(out).toContain("Set HOOK_SECRET");
});

test("three questions make the same", async () => {
  const { code, err } = await init([], "https://example.org, mx.example.org:25\n\nops@example.org\n");
  expect(code).toBe(0);
  expect(err.match(/\?/g)).toHaveLength(3);
  expect(suite().watch).toMatchObject({ every: "60s", notify: [{ mail: "ops@example.org" }] });
  expect(suite().checks).toHaveLength(2);
});

test.each([
  ["nothing to watch", [], "\n"],
  ["no answer", [], ""],
  ["an invalid time", ["--target", "192.0.2.1", "--every", "soon"], ""],
  ["an invalid receiver", ["--target", "192.0.2.1", "--notify", "nobody"], ""],
  ["an invalid target", ["--target", "a b:25"], ""],
])("%s: exit 2, and nothing is written", async (_name, words, stdin) => {
  expect((await init(words, stdin)).code).toBe(2);
  expect(readdirSync(folder)).toEqual([]);
});

test("where one of the files is there, nothing is written", async () => {
  writeFileSync(join(folder, "prometheus.yml"), "mine");
  const { code, err } = await init(["--target", "192.0.2.1"]);
  expect(code).toBe(2);
  expect(err).toContain("prometheus.yml already exists");
  expect(readdirSync(folder)).toEqual(["prometheus.yml"]);
});

test("the other files are YAML and JSON; the unit has its folder, and every metric of the dashboard exists", async () => {
  await init(["--target", "192.0.2.1"]);
  const read = (path: string): string => readFileSync(join(folder, path), "utf8");
  expect(Object.keys((parse(read("compose.yaml")) as { services: object }).services)).toEqual(["prometheus", "grafana"]);
  expect(parse(read("prometheus.yml"))).toMatchObject({ scrape_configs: [{ static_configs: [{ targets: ["127.0.0.1:9464"] }] }] });
  expect(read("probe-run.service")).toContain(`WorkingDirectory=${folder}\n`);
  // Ten seconds with fewer than five starts: systemd goes on trying.
  expect(Number(/^RestartSec=(\d+)$/m.exec(read("probe-run.service"))?.[1])).toBeGreaterThan(2);
  const dashboard = read("grafana/dashboards/probe-run.json");
  expect(JSON.parse(dashboard)).toMatchObject({ uid: "probe-run-watch" });
  const source = readFileSync(new URL("../../../runner/watch/metrics.ts", import.meta.url), "utf8");
  for (const [name] of dashboard.matchAll(/probe_run_watch_\w+/g)) expect(source, name).toContain(`"${name}"`);
});
