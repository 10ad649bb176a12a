import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import networkSmtp from "../../../probes/network.smtp/probe.js";
import type { newest } from "../../../probes/network.smtp/schema.js";
import type { Delivery } from "../../../runner/lab/transcript-player.js";
import { run } from "../../../runner/run.js";
import type { FilledOf } from "../../../schemas/contract.js";
import { playConnections } from "../../support/play-connections.js";
import { normalise } from "./normalise.js";
import { goldenNames, type TranscriptCase, transcriptCases } from "./transcript-case.js";

type Output = FilledOf<(typeof newest)["output"]>;

const cases = transcriptCases();
/** Set it to write the goldens anew; read the difference before you commit it. */
const update = process.env.UPDATE_GOLDENS === "1";
/** A busy machine wakes timers late. */
const LATE_MS = 1500;

const plays = cases.flatMap((each) => each.deliveries.map((delivery) => ({ name: each.name, delivery, each })));

// Side by side, all of them: most of their time is spent waiting.
describe("what the probe makes of a peer that is to", () => {
  test.concurrent.each(plays)("$name, delivered in $delivery", async ({ each, delivery }) => {
    const { output, port } = await play(each, delivery);
    judgeOutput(output);
    const golden = normalise(output, port);
    if (update && delivery === each.deliveries[0]) writeFileSync(each.golden, `${JSON.stringify(golden, null, 2)}\n`);
    expect(existsSync(each.golden), "there is no golden; run with UPDATE_GOLDENS=1").toBe(true);
    if (!update) expect(golden).toEqual(JSON.parse(readFileSync(each.golden, "utf8")));
  });
});

test("every golden has its transcript, and every name says what the peer does", () => {
  const names = cases.map(({ name }) => name);
  expect(goldenNames()).toEqual(names);
  expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  expect(names.length).toBeGreaterThanOrEqual(40);
});

async function play(each: TranscriptCase, delivery: Delivery): Promise<{ output: Output; port: number }> {
  const server = await playConnections(each.transcripts, delivery);
  try {
    const began = performance.now();
    const { output } = await run("network.smtp@2.0.0", { ...each.input, target_port: server.port });
    expect(performance.now() - began).toBeLessThan((each.input.timeout_ms as number) + LATE_MS);
    await until(() => server.openSockets === 0);
    expect(server.openSockets).toBe(0);
    expect(server.mismatches.map(({ message }) => message)).toEqual([]);
    return { output: output as Output, port: server.port };
  } finally {
    await server.close();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + LATE_MS;
  while (!isSo() && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What is true of every output, whatever the peer did. */
function judgeOutput(output: Output): void {
  expect(networkSmtp.versions["2.0.0"]?.output.validator(structuredClone(output))).toBe(true);
  expect(JSON.stringify(output)).not.toMatch(/"(code|phase)":"unknown"/);
  expect(output.failure?.message ?? "words").not.toBe("");
  const isBad = output.failure !== null || output.findings.some(({ severity }) => severity === "error");
  expect(output.status).toBe(isBad ? "error" : output.findings.length > 0 ? "warning" : "ok");
  // What has no duration was never ended: that is a leak of the harness.
  expect(output.operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
}
