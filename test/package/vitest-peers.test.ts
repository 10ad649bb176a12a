import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { REPO } from "../house/files.js";
import { install, node, pack } from "./install.js";

/** The oldest and the newest major that `peerDependencies` takes, and those between; each with the oldest Node that it takes. */
const PEERS = [
  { vitest: "3.2", node: 18 },
  { vitest: "4.0", node: 20 },
  { vitest: "4.1", node: 20 },
  { vitest: "5.1", node: 22 },
];
const [here = 0] = process.versions.node.split(".").map(Number);

let tarball: string;
const top = mkdtempSync(join(tmpdir(), "probe-run-peers-"));
beforeAll(async () => {
  tarball = await pack(top);
}, 60_000);
afterAll(() => rmSync(top, { recursive: true, force: true }));

test("the peer range is what is tested", () => {
  expect(manifest.peerDependencies.vitest).toBe(">=3.2 <6");
  expect(PEERS.filter((peer) => peer.node <= here).length).toBeGreaterThan(2);
});

describe.each(PEERS.filter((peer) => peer.node <= here))("beside vitest $vitest", ({ vitest }) => {
  const folder = join(top, vitest);
  const command = join(folder, "node_modules/probe-run/bin/probe-run.cjs");

  beforeAll(async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    for (const name of ["peer.test.ts", "suite.yaml"]) copyFileSync(join(REPO, "fixtures/package", name), join(folder, name));
    await install(folder, tarball, `vitest@~${vitest}.0`);
  }, 300_000);

  test("is the vitest that is installed", () => {
    const { version } = JSON.parse(readFileSync(join(folder, "node_modules/vitest/package.json"), "utf8"));
    expect(version.startsWith(`${vitest}.`)).toBe(true);
    expect(existsSync(join(folder, "node_modules/probe-run/node_modules/vitest"))).toBe(false);
  });

  test("probeTest and expectProbe run, and fail with the evidence", { timeout: 120_000 }, async () => {
    const report = await reported(folder, "node_modules/vitest/vitest.mjs", "run", "peer.test.ts");
    expect(outcomes(report)).toEqual({
      "a probe runs": "passed",
      "a test fails with the evidence": "failed",
      "is fulfilled": "passed",
      "is not fulfilled": "failed",
    });
    expect(messages(report)).toEqual([expect.stringContaining("ECONNREFUSED"), expect.stringContaining("ECONNREFUSED")]);
  });

  test("a suite runs: every check, and those of a target or a tag", { timeout: 120_000 }, async () => {
    const report = await reported(folder, command, "test", "suite.yaml");
    expect(report.testResults[0]?.name).toContain("suite.yaml");
    expect(outcomes(report)).toEqual({
      "mx1 network.smtp@2 is refused": "passed",
      "mx10 network.smtp@2 is refused": "passed",
      "mx1 network.smtp@2 is there": "failed",
    });
    expect(messages(report)[0]).toContain("status");
    // It was tried twice.
    expect(checks(report).find(({ status }) => status === "failed")?.failureMessages).toHaveLength(1);
    expect(run(await reported(folder, command, "test", "suite.yaml", "--target", "mx10"))).toEqual(["mx10 network.smtp@2 is refused"]);
    expect(run(await reported(folder, command, "test", "suite.yaml", "-t", "mx1"))).toEqual(["mx1 network.smtp@2 is refused", "mx1 network.smtp@2 is there"]);
    expect(run(await reported(folder, command, "test", "suite.yaml", "--tags", "slow"))).toEqual(["mx1 network.smtp@2 is there"]);
  });

  test("a suite in JSON runs", { timeout: 120_000 }, async () => {
    const check = { probe: "network.smtp@2", input: { target_host: "127.0.0.1", target_port: 9 }, expect: { failure: { code: "refused" } } };
    writeFileSync(join(folder, "suite.json"), JSON.stringify({ name: "json", checks: [check] }));
    expect(outcomes(await reported(folder, command, "test", "suite.json"))).toEqual({ "network.smtp@2": "passed" });
  });
});

interface Report {
  testResults: { name: string; assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

/** What vitest's JSON reporter wrote. The run may fail: that is in the report. */
async function reported(folder: string, ...args: string[]): Promise<Report> {
  const file = join(folder, "report.json");
  rmSync(file, { force: true });
  const ended = await node(folder, ...args, "--reporter=json", "--outputFile=report.json").catch((error) => error);
  if (!existsSync(file)) throw new Error(`no report: ${ended.message ?? ended}\n${ended.stdout ?? ""}`);
  return JSON.parse(readFileSync(file, "utf8"));
}

const checks = (report: Report) => report.testResults.flatMap(({ assertionResults }) => assertionResults);
const outcomes = (report: Report) => Object.fromEntries(checks(report).map(({ title, status }) => [title, status]));
const messages = (report: Report) => checks(report).flatMap(({ status, failureMessages }) => (status === "failed" ? [failureMessages.join("\n")] : []));
const run = (report: Report) =>
  checks(report)
    .filter(({ status }) => status === "passed" || status === "failed")
    .map(({ title }) => title)
    .sort();
