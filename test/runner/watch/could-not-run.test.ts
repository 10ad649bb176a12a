import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { probeRun } from "../cli/command-line.js";
import { startReceiver, startWatching } from "./watching.js";

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

test("a check that cannot be run for unknown_after is sent to receivers, once, and not to those that do not list it", async () => {
  const [all, errors] = [await startReceiver(), await startReceiver()];
  try {
    const notify = `unknown_after: 2s, notify: [{ to: "${all.url}" }, { to: "${errors.url}", on: [error] }]`;
    writeFileSync(join(cwd, "mail.yaml"), SUITE.replace("every: 1s", `every: 1s, ${notify}`));
    const watching = await startWatching("mail.yaml", cwd);
    await expect.poll(() => all.taken.length, { timeout: 20_000 }).toBe(1);
    expect(all.taken[0]).toMatchObject({ subject: "mx1 network.smtp@2", data: { kind: "unknown", outcome: "unknown", incident: 1 } });
    expect(all.taken[0]?.data.reason).toContain(WHY);
    const slots = (): number => Number(/outcome="unknown"\} (\d+)/.exec(metrics)?.[1]);
    let metrics = await (await fetch(`${watching.address}/metrics`)).text();
    const before = slots();
    const later = async (): Promise<number> => {
      metrics = await (await fetch(`${watching.address}/metrics`)).text();
      return slots();
    };
    await expect.poll(later, { timeout: 20_000 }).toBeGreaterThan(before + 1);
    expect(metrics).toMatch(/incident_open\{.*\} 1/);
    expect(await watching.stop()).toBe(0);
    expect(all.taken).toHaveLength(1);
    expect(errors.attempts).toEqual([]);
  } finally {
    await Promise.all([all.close(), errors.close()]);
  }
});
