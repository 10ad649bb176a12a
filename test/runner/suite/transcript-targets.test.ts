import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Report, runReport } from "../../../runner/harness/run.js";
import { againstTarget } from "../../../runner/suite/play.js";
import { SuiteError } from "../../../runner/suite/problem.js";
import { type ReadSuite, readSuite } from "../../../runner/suite/read.js";
import { watchPlanOf } from "../../../runner/watch/watch-plan.js";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const SMTP = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250-mx.example.org\nS: 250 SIZE 33554432\nC: NOOP\nS: 250 OK\nC: QUIT\nS: 221 bye\n";

async function read(files: Record<string, string>): Promise<ReadSuite> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-played-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return readSuite(join(folder, "suite.yaml"), files["suite.yaml"] as string, {});
}

const suite = (target: string, check: string) => `name: replayed\ntargets:\n  old: ${target}\nchecks:\n  - ${check}\n`;
const PLAYED = suite("{ transcript: old.transcript }", "{ probe: network.smtp@2 }");

/** Runs the only check. */
async function run({ checks: [planned] }: ReadSuite): Promise<{ report: Report; deviations: string[] }> {
  if (planned === undefined) throw new Error("there is no check");
  const { result, deviations } = await againstTarget(planned, (input) => runReport(planned.check.probe, input));
  return { report: result, deviations: deviations.map(({ message, place }) => `${place.file}:${place.line}: ${message}`.replaceAll(`${folders.at(-1)}/`, "")) };
}

describe("a suite with a transcript as its target", () => {
  test("runs each check against the transcript from its beginning", async () => {
    const read1 = await read({ "suite.yaml": PLAYED, "old.transcript": SMTP });
    for (const _ of [1, 2]) {
      const { report, deviations } = await run(read1);
      expect(report.envelope.output).toMatchObject({ status: "ok", banner: "mx.example.org ESMTP" });
      expect(deviations).toEqual([]);
    }
  });

  test("keeps the other fields of the target and of the check", async () => {
    const given = suite("{ transcript: old.transcript, helo_domain: own.example }", "{ probe: network.smtp@2, input: { timeout_ms: 9000 } }");
    const { checks } = await read({ "suite.yaml": given, "old.transcript": SMTP });
    expect(checks[0]?.input).toMatchObject({ helo_domain: "own.example", timeout_ms: 9000, target_host: "127.0.0.1" });
    expect(checks[0]?.input).not.toHaveProperty("transcript");
  });

  test("reports where the probe deviates from it, with the line of the file", async () => {
    const { deviations } = await run(await read({ "suite.yaml": PLAYED, "old.transcript": SMTP.replace("C: EHLO *", "C: HELO *") }));
    expect(deviations).toEqual([expect.stringMatching(/^old\.transcript:2: connection 1 deviates from the transcript: expected HELO \*, got EHLO \S+$/)]);
  });

  test("finds it beside the file that defines the target", async () => {
    const files = {
      "suite.yaml": "name: replayed\ninclude: [more/targets.yaml]\nchecks: [{ probe: network.tcp }]\n",
      "more/targets.yaml": "targets: { old: { transcript: old.transcript } }\n",
      "more/old.transcript": "@expect-close\n",
    };
    const { report, deviations } = await run(await read(files));
    expect(report.carried.status).toBe("ok");
    expect(deviations).toEqual([]);
  });

  test("gives a probe of the web its URL", async () => {
    const answer = "C: GET / HTTP/1.1\n@any\n@any\n@any\n@any\nS: HTTP/1.1 204 No Content\nS: Connection: close\nS:\n@close\n";
    const { report, deviations } = await run(
      await read({ "suite.yaml": suite("{ transcript: old.transcript }", "{ probe: webapp.http }"), "old.transcript": answer }),
    );
    expect(deviations).toEqual([]);
    expect(report.envelope.output).toMatchObject({ status: "ok", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/) });
  });
});

describe("before anything runs, a suite is rejected with", () => {
  test.each([
    ["a transcript that does not exist", PLAYED, {}, 'suite.yaml:3:22: there is no file "FOLDER/old.transcript"'],
    ["one that cannot be read", PLAYED, { "old.transcript": "S: 220 x\nX: y\n" }, "suite.yaml:3:22: FOLDER/old.transcript cannot be played: line 2: "],
    [
      "one that names a certificate",
      PLAYED,
      { "old.transcript": "@tls own\nS: 220 x\n" },
      "suite.yaml:3:22: FOLDER/old.transcript cannot be played: line 1 names a certificate: leave the name out, and one is created",
    ],
    [
      "a probe that has no port to be given",
      suite("{ transcript: old.transcript }", "{ probe: mail.dmarc }"),
      { "old.transcript": SMTP },
      "suite.yaml:5:14: mail.dmarc has no field for a port, so it cannot run against a transcript",
    ],
    ["a path that is no text", suite("{ transcript: 5 }", "{ probe: network.smtp@2 }"), {}, "suite.yaml:3:22: targets.old.transcript: must be a string, not 5"],
  ])("%s", async (_, text, files: Record<string, string>, problem) => {
    const error = await read({ "suite.yaml": text, ...files }).catch((reason: unknown) => reason);
    if (!(error instanceof SuiteError)) throw error;
    const folder = folders.at(-1) as string;
    const lines = error.problems.map(
      ({ file, line, column, message }) => `${file.replace(`${folder}/`, "")}:${line}:${column}: ${message.replace(folder, "FOLDER")}`,
    );
    expect(lines).toEqual([expect.stringContaining(problem)]);
  });

  test("a watch", async () => {
    const error = await watchPlanOf(await read({ "suite.yaml": PLAYED, "old.transcript": SMTP })).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ problems: [{ line: 3, message: "a transcript cannot be watched" }] });
  });
});

test("the suite that docs/transcripts.md shows can be read", async () => {
  const page = readFileSync(new URL("../../../docs/transcripts.md", import.meta.url), "utf8");
  const [, text] = /```yaml\n([\s\S]*?)```/.exec(page) as RegExpExecArray;
  const { checks } = await read({ "suite.yaml": text as string, "recorded/old-exim.transcript": SMTP });
  expect(checks.map(({ title }) => title)).toEqual(["mx1 network.smtp@2 greets", "old-exim network.smtp@2 greets"]);
});
