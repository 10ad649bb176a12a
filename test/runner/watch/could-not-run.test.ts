import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { probeRun } from "../cli/command-line.js";
import { startWatching } from "./watching.js";

// A secret of three characters cannot be masked, so nothing is run with it.
const INPUT = "{ target_host: 127.0.0.1, target_port: 9, auth: { username: ada, password: abc } }";
const SUITE = `name: mail
targets:
  mx1: ${INPUT}
watch: { every: 1s }
checks:
  - probe: network.smtp@2
`;
const WHY = "insist with --allow-short-secrets";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "probe-run-could-not-"));
  writeFileSync(join(cwd, "mail.yaml"), SUITE);
});
afterEach(() => rmSync(cwd, { recursive: true }));

test("watch --once says why a check could not be run", async () => {
  const { code, err } = await probeRun(["watch", "mail.yaml", "--once"], { cwd });
  expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/mx1 network\.smtp@2 could not be run: .*too short to protect/) });
  expect(err).toContain(WHY);
});

test("a watch says it in its log and on its page", async () => {
  const watching = await startWatching("mail.yaml", cwd);
  await expect.poll(watching.err).toContain(WHY);
  await expect.poll(async () => (await fetch(`${watching.address}/`)).text()).toContain(WHY);
  expect(await watching.stop()).toBe(0);
});

test("a check that could not be run explains no failure of those that depend on it", async () => {
  const child = "  - { probe: network.tcp, name: child, input: { target_host: 127.0.0.1, target_port: 9 }, watch: { depends_on: [parent] } }\n";
  const suite = SUITE.replace(/targets:\n.*\n/, "").replace("network.smtp@2\n", `network.smtp@2\n    name: parent\n    input: ${INPUT}\n${child}`);
  writeFileSync(join(cwd, "mail.yaml"), suite.replace("every: 1s", "every: 1s, fire_after: 2"));
  const watching = await startWatching("mail.yaml", cwd);
  await expect.poll(watching.err, { timeout: 20_000 }).toContain("network.tcp child: error (incident 1): ");
  expect(watching.err()).toContain("network.smtp@2 parent could not be run");
  expect(await watching.stop()).toBe(0);
});
