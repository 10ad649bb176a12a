import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { probeRun } from "../cli/command-line.js";
import { startWatching } from "./watching.js";

// A secret of three characters cannot be masked, so nothing is run with it.
const SUITE = `name: mail
targets:
  mx1: { target_host: 127.0.0.1, target_port: 9, auth: { username: ada, password: abc } }
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
