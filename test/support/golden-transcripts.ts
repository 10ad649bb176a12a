import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Probe } from "../../runner/harness/define-probe.js";
import { runReport } from "../../runner/harness/run.js";
import type { Delivery } from "../../runner/lab/transcript-player.js";
import type { Carried } from "../../schemas/carried.js";
import { normalise } from "./normalise.js";
import { playConnections } from "./play-connections.js";
import { goldenNames, type TranscriptCase, transcriptCases } from "./transcript-cases.js";

export interface Goldens {
  probe: Probe;
  /** The newest: its cases lie in fixtures/<probe>/<version>/. */
  version: string;
  /** What every case is run with, unless its transcript says something else. */
  input: Readonly<Record<string, unknown>> & { timeout_ms: number };
  /** The input's field for the port. */
  port: string;
  /** Fewer cases than this were lost. */
  atLeast: number;
}

/** Set it to rewrite the goldens; read the difference before you commit it. */
const update = process.env.UPDATE_GOLDENS === "1";
/** A busy machine wakes timers late. */
const LATE_MS = 1500;
/** It can also let a transcript's short timeout pass while bytes wait to be read. Peers are scripted, so a real fault is there each time. */
const RETRIES = 2;

/** Plays every transcript of a probe in every delivery: each time the output must be its golden. */
export function testGoldens({ probe, version, input, port, atLeast }: Goldens): void {
  const folder = new URL(`../../fixtures/${probe.name}/${version}/`, import.meta.url);
  const cases = transcriptCases(folder, input);
  const plays = cases.flatMap((each) => each.deliveries.map((delivery) => ({ name: each.name, delivery, each })));

  // Side by side, all of them: most of their time is spent waiting.
  describe("the output for a peer scripted to", () => {
    test.concurrent.each(plays)("$name, delivered in $delivery", { retry: RETRIES }, async ({ each, delivery }) => {
      const played = await play(`${probe.name}@${version}`, port, each, delivery);
      judgeOutput(played.output);
      expect(probe.versions[version]?.output.validator(structuredClone(played.output))).toBe(true);
      const golden = normalise(played.output, played.port);
      if (update && delivery === each.deliveries[0]) writeFileSync(each.golden, `${JSON.stringify(golden, null, 2)}\n`);
      expect(existsSync(each.golden), "there is no golden; run with UPDATE_GOLDENS=1").toBe(true);
      if (!update) expect(golden).toEqual(JSON.parse(readFileSync(each.golden, "utf8")));
    });
  });

  test("every golden has its transcript, and every name says what the peer does", () => {
    const names = cases.map(({ name }) => name);
    expect(goldenNames(folder)).toEqual(names);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(names.length).toBeGreaterThanOrEqual(atLeast);
  });
}

async function play(asked: string, portField: string, each: TranscriptCase, delivery: Delivery): Promise<{ output: Carried; port: number }> {
  const server = await playConnections(each.transcripts, delivery);
  try {
    const began = performance.now();
    const { carried } = await runReport(asked, { ...each.input, [portField]: server.port });
    expect(performance.now() - began).toBeLessThan((each.input.timeout_ms as number) + LATE_MS);
    await until(() => server.openSockets === 0);
    expect(server.openSockets).toBe(0);
    expect(server.mismatches.map(({ message }) => message)).toEqual([]);
    return { output: carried, port: server.port };
  } finally {
    await server.close();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + LATE_MS;
  while (!isSo() && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What holds for every output, independent of the peer. */
function judgeOutput(output: Carried): void {
  const { findings } = output as Carried & { findings: { severity: string }[] };
  expect(JSON.stringify(output)).not.toMatch(/"(code|phase)":"unknown"/);
  expect(output.failure?.message ?? "words").not.toBe("");
  const isBad = output.failure !== null || findings.some(({ severity }) => severity === "error");
  expect(output.status).toBe(isBad ? "error" : findings.length > 0 ? "warning" : "ok");
  // An operation without a duration was never ended: a leak of the harness.
  expect(output.operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
}
