import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type SmtpServer, startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { REPO } from "../cli/command-line.js";
import { folder, probeRunTest, startProbeRunTest } from "./probe-run-test.js";

const example = readFileSync(new URL("../../../fixtures/suites/mail.yaml", import.meta.url), "utf8");
let server: SmtpServer;
let lab: Record<string, string>;

beforeAll(async () => {
  server = await startSmtpServer();
  lab = { PROBE_RUN_LAB_PORT: String(server.port) };
});
afterAll(() => server.close());

/** A suite of one target and these checks. */
const suite = (checks: string, head = "") =>
  `name: lab\n${head}targets:\n  lab: { target_host: 127.0.0.1, target_port: "\${PROBE_RUN_LAB_PORT}" }\nchecks:\n${checks}`;

// Each test starts vitest, some several times: on a machine that is busy with others that takes its time.
vi.setConfig({ testTimeout: 60_000 });

describe("a suite runs on vitest", () => {
  test("and ends with 0 when every check is fulfilled", async () => {
    const cwd = folder({ "mail.yaml": example });
    const { code, out } = await probeRunTest(["mail.yaml", "--reporter", "verbose"], cwd, lab);
    expect(out).toContain("mail.yaml > our mail servers > mx1 network.smtp@2 greets and answers");
    expect(out).toContain("mail.yaml > our mail servers > mx2 network.smtp@2 has no second server");
    expect(out).toMatch(/Tests +3 passed \(3\)/);
    expect(code).toBe(0);
  });

  test("a suite in JSON runs, and a failure is shown at its line", async () => {
    const check = { probe: "network.smtp@2", input: { target_host: "127.0.0.1", target_port: server.port }, expect: { output: { banner: "other" } } };
    const cwd = folder({ "mail.json": JSON.stringify({ name: "json", checks: [check] }, null, 2), "broken.json": '{"name": "json", "checks": [}' });
    const { code, err } = await probeRunTest(["mail.json"], cwd);
    expect(err).toMatch(/banner: expected "other"/);
    expect(err).toContain("mail.json:12:21");
    expect(code).toBe(1);
    expect(await probeRunTest(["broken.json"], cwd)).toMatchObject({ code: 2, err: expect.stringContaining("broken.json:1:") });
  });

  test("a check that cannot be run says why, at its line", async () => {
    const cwd = folder({ "mail.yaml": suite("  - probe: network.smtp@2\n    input: { auth: { username: u, password: abc } }\n") });
    const { code, err } = await probeRunTest(["mail.yaml"], cwd, lab);
    expect(code).toBe(1);
    expect(err).toContain("insist with --allow-short-secrets");
    expect(err).toContain("mail.yaml:5:12");
    expect(err).not.toContain("assertProtectable");
  });

  test("-t takes a word or a regular expression", async () => {
    const cwd = folder({ "mail.yaml": example });
    expect(await probeRunTest(["mail.yaml", "-t", "("], cwd, lab)).toMatchObject({
      code: 2,
      err: expect.stringContaining('-t "(" is not a regular expression'),
    });
    expect(await probeRunTest(["mail.yaml", "-t", "(", "--list"], cwd, lab)).toMatchObject({ code: 2 });
    expect(await probeRunTest(["mail.yaml", "-t", "greet", "--list"], cwd, lab)).toMatchObject({
      code: 2,
      err: expect.stringContaining("no check was selected"),
    });
  });

  test("and a table says how each check ended on each target", async () => {
    const checks = "checks:\n  - probe: network.smtp@2\n    name: is there\n    retries: 1\n  - probe: network.smtp@2\n    name: is fast\n    targets: [mx1]\n";
    const targets = `targets:\n  mx1: { target_host: 127.0.0.1, target_port: ${server.port} }\n  mx2: { target_host: 127.0.0.1, target_port: 1 }\n`;
    const { code, err } = await probeRunTest(["mail.yaml"], folder({ "mail.yaml": `name: two servers\n${targets}${checks}` }));
    expect(code).toBe(1);
    expect(err).toContain(
      ["two servers              mx1  mx2", "network.smtp@2 is there  ok   FAILED (2 tries)", "network.smtp@2 is fast   ok", ""].join("\n"),
    );
  });

  test("and ends with 1 when one is not, with the line of the suite, the failure and the operations", async () => {
    const cwd = folder({
      "mail.yaml": suite(
        "  - probe: network.smtp@2\n    name: is elsewhere\n    input: { target_port: 1 }\n  - probe: network.smtp@2\n    name: speaks French\n    expect:\n      output:\n        banner: { contains: bonjour }\n",
      ),
    });
    const { code, err } = await probeRunTest(["mail.yaml"], cwd, lab);
    expect(code).toBe(1);
    expect(err).toContain("status: expected ok or warning, got error (refused in connect: connection refused (ECONNREFUSED))");
    expect(err).toMatch(/✗ {2}connect +\d+\.\d +\d+\.\d/);
    expect(err).toContain("mail.yaml:5:12");
    expect(err).toContain('banner: expected something that contains "bonjour", got "lab.localhost ESMTP');
    expect(err).toContain("mail.yaml:12:17");
    expect(err).toMatch(/ {3}EHLO +\d+\.\d +\d+\.\d +250 {3}lab\.localhost/);
  });

  test("and a target that is a transcript is played; a deviation is reported with the transcript's line", async () => {
    const transcript = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 OK\nC: QUIT\nS: 221 bye\n";
    const targets = "targets:\n  old: { transcript: old.transcript }\n  older: { transcript: older.transcript }\n";
    const cwd = folder({
      "mail.yaml": `name: replayed\n${targets}checks:\n  - probe: network.smtp@2\n`,
      "old.transcript": transcript,
      "older.transcript": transcript.replace("EHLO", "HELO"),
    });
    const { code, err } = await probeRunTest(["mail.yaml"], cwd);
    expect(code).toBe(1);
    expect(err).toContain("connection 1 deviates from the transcript: expected HELO *, got EHLO");
    expect(err).toContain("older.transcript:2:1");
    expect(err).toContain("replayed        old  older\nnetwork.smtp@2  ok   FAILED\n");
  });

  test("and is read as YAML with any file name, in any folder", async () => {
    const cwd = folder({ "odd (1) [x] {y}!.yml": example });
    const elsewhere = folder();
    const { code, out } = await probeRunTest([join(cwd, "odd (1) [x] {y}!.yml")], elsewhere, lab);
    expect(out).toMatch(/Tests +3 passed \(3\)/);
    expect(code).toBe(0);
  });

  test("with others, each as a separate test file", async () => {
    const cwd = folder({ "a.yaml": example, "b.yaml": suite("  - probe: network.smtp@1\n    input: { target_port: x }\n") });
    const wrong = await probeRunTest(["a.yaml", "b.yaml"], cwd, lab);
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toMatch(/^ {2}b\.yaml:\d+:\d+: /m);
    writeFileSync(join(cwd, "b.yaml"), suite("  - probe: network.smtp@2\n"));
    const right = await probeRunTest(["a.yaml", "b.yaml"], cwd, lab);
    expect(right.out).toMatch(/Test Files +2 passed \(2\)/);
    expect(right.code).toBe(0);
  });
});

describe("a probe that is not ours", () => {
  const own = `
    import { contract, defineProbe, outputOf } from "probe-run";
    const input = contract({ type: "object", properties: { text: { type: "string" } }, required: ["text"], additionalProperties: false });
    export default defineProbe({
      name: "own.echo", summary: "Returns its input.", needs: [], version: "1.0.0", input, output: contract(outputOf({ said: { type: "string" } })),
      run: (input, ctx) => ctx.operation("echo", async (operation) => { operation.reply(200, input.text); return { status: "ok", failure: null, said: input.text }; }),
    });`;
  const checks = "name: own\nchecks:\n  - probe: ./own.mjs\n    input: { text: hello }\n    expect: { output: { said: hello, operations.echo.code: 200 } }\n";

  test("is named by its file, as seen from the suite", async () => {
    const cwd = folder({ "own.mjs": own, "own.yaml": checks });
    const { code, out } = await probeRunTest([join(cwd, "own.yaml")], folder());
    expect(out).toMatch(/Tests +1 passed \(1\)/);
    expect(code).toBe(0);
  });

  test("holds its suite to its own contracts", async () => {
    const cwd = folder({ "own.mjs": own, "own.yaml": checks.replace("text: hello", "txt: hello").replace("said:", "sayd:") });
    const { code, err } = await probeRunTest(["own.yaml"], cwd);
    expect(err).toContain("own.yaml:4:14: txt: there is no such field; did you mean text?");
    expect(err).toContain("own.yaml:5:25: the output has no field sayd in own.echo@1.0.0; did you mean said?");
    expect(code).toBe(2);
  });
});

describe("vitest's reporters", () => {
  const failing = suite(
    "  - probe: network.smtp@2\n    name: greets\n  - probe: network.smtp@2\n    name: speaks French\n    tags: [language]\n    expect: { output: { banner: bonjour } }\n",
  );

  test("write JUnit and JSON files, evidence and all", async () => {
    const cwd = folder({ "mail.yaml": failing });
    const argv = ["mail.yaml", "--reporter", "json", "--outputFile.junit", "report.xml", "--outputFile.json", "report.json"];
    expect((await probeRunTest(argv, cwd, lab)).code).toBe(1);
    const junit = readFileSync(join(cwd, "report.xml"), "utf8");
    expect(junit).toContain('<testsuite name="mail.yaml"');
    expect(junit).toMatch(/tests="2" failures="1" errors="0"/);
    expect(junit).toMatch(
      /<testcase classname="mail\.yaml" name="lab &gt; lab network\.smtp@2 speaks French" time="[\d.]+">\s*<failure message="banner: expected &quot;bonjour&quot;, got/,
    );
    const { testResults } = JSON.parse(readFileSync(join(cwd, "report.json"), "utf8"));
    expect(testResults).toHaveLength(1);
    expect(testResults[0].assertionResults).toMatchObject([
      {
        fullName: "lab lab network.smtp@2 greets",
        status: "passed",
        meta: { probe_run: { probe: "network.smtp", version: "2.0.0", output: { status: "ok", target_port: server.port } } },
      },
      { status: "failed", tags: ["language"], failureMessages: [expect.stringContaining("network.smtp@2.0.0 (127.0.0.1): ok")] },
    ]);
  });

  test("of an output file are used without being named, beside what is shown without one", async () => {
    const cwd = folder({ "mail.yaml": failing });
    const { code, out, err } = await probeRunTest(["mail.yaml", "--outputFile.junit", "report.xml"], cwd, lab);
    expect(code).toBe(1);
    expect(readFileSync(join(cwd, "report.xml"), "utf8")).toContain('<testsuite name="mail.yaml"');
    expect(out + err).toContain("speaks French");
    expect(await probeRunTest(["mail.yaml", "--outputFile", "report.xml"], cwd, lab)).toMatchObject({
      code: 2,
      err: expect.stringContaining("--outputFile needs a reporter that writes a file"),
    });
  });

  test("annotate the suite's own line on GitHub", async () => {
    const cwd = folder({ "mail.yaml": failing });
    const { out } = await probeRunTest(["mail.yaml", "--reporter", "github-actions"], cwd, lab);
    expect(out).toMatch(/::error file=\S*mail\.yaml,.*line=10,column=33::/);
  });

  test("that are not there end with 3", async () => {
    const cwd = folder({ "mail.yaml": failing });
    const { code, err } = await probeRunTest(["mail.yaml", "--reporter", "./none.js"], cwd, lab);
    expect({ code, err }).toEqual({
      code: 3,
      err: `probe-run: the reporter "${join(cwd, "none.js")}" cannot be loaded\n  give default, verbose, tree, dot, junit, json, tap, github-actions, or the path of a reporter's file\n`,
    });
  });
});

describe("checks are chosen", () => {
  test("by a part of their name", async () => {
    const cwd = folder({ "mail.yaml": example });
    const { code, out } = await probeRunTest(["mail.yaml", "-t", "mx2 network.smtp@2 has no"], cwd, lab);
    expect(out).toMatch(/Tests +1 passed \| 2 skipped \(3\)/);
    expect(code).toBe(0);
  });

  test("by their tags", async () => {
    const cwd = folder({
      "mail.yaml": suite(
        "  - probe: network.smtp@2\n    tags: [a]\n  - probe: network.smtp@2\n    name: b\n    tags: [b]\n  - probe: network.smtp@2\n    name: c\n",
      ),
    });
    expect((await probeRunTest(["mail.yaml", "--tags", "a,b"], cwd, lab)).out).toMatch(/Tests +2 passed \(2\)/);
    expect((await probeRunTest(["mail.yaml", "--tags", "b"], cwd, lab)).out).toMatch(/Tests +1 passed \(1\)/);
    const misspelt = await probeRunTest(["mail.yaml", "--tags", "d"], cwd, lab);
    expect(misspelt).toMatchObject({ code: 2, out: "" });
    expect(misspelt.err).toContain('no check has the tag "d"');
  });

  test("and none chosen is no success, unless it is said to be", async () => {
    const cwd = folder({ "mail.yaml": example });
    const none = await probeRunTest(["mail.yaml", "-t", "nothing of this name"], cwd, lab);
    expect(none.err).toContain("no check was selected");
    expect(none.code).toBe(2);
    expect((await probeRunTest(["mail.yaml", "-t", "nothing of this name", "--passWithNoTests"], cwd, lab)).code).toBe(0);
  });
});

describe("how checks run", () => {
  const slow = "S: 220 slow ESMTP\nC: EHLO *\n@delay 150ms\nS: 250 slow\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n";

  test.each([
    [1, 1],
    [4, 4],
  ])("%i at a time", async (concurrency, most) => {
    const peer = await playTranscript(slow);
    let seen = 0;
    const watch = setInterval(() => {
      seen = Math.max(seen, peer.openSockets);
    }, 5);
    const targets = Array.from({ length: 8 }, (_, index) => `  mx${index}: { target_host: 127.0.0.1, target_port: ${peer.port} }\n`);
    const cwd = folder({ "mail.yaml": `name: slow\nconcurrency: ${concurrency}\ntargets:\n${targets.join("")}checks:\n  - probe: network.smtp@2\n` });
    const { code } = await probeRunTest(["mail.yaml"], cwd);
    clearInterval(watch);
    await peer.close();
    expect(code).toBe(0);
    expect(peer.connections).toBe(8);
    expect(seen).toBe(most);
  });

  test("again, as often as the suite says, or the command line instead", async () => {
    const peer = await playTranscript("S: 421 not now\n");
    const text = `name: busy\ntargets:\n  mx: { target_host: 127.0.0.1, target_port: ${peer.port} }\nchecks:\n  - probe: network.smtp@2\n    retries: 2\n`;
    const cwd = folder({ "mail.yaml": text });
    const { code, err } = await probeRunTest(["mail.yaml"], cwd);
    expect(code).toBe(1);
    expect(err).toMatch(/reply_rejected in greeting \(421\): .*not now/);
    expect(err.match(/CheckError/g)).toHaveLength(1);
    expect(peer.connections).toBe(3);
    await probeRunTest(["mail.yaml", "--retry", "0"], cwd);
    expect(peer.connections).toBe(4);
    await peer.close();
  });

  test("until N checks have failed", async () => {
    const checks = Array.from({ length: 4 }, (_, index) => `  - probe: network.smtp@2\n    name: n${index}\n    input: { target_port: 1 }\n`);
    const cwd = folder({ "mail.yaml": suite(checks.join(""), "concurrency: 1\n") });
    const { code, out } = await probeRunTest(["mail.yaml", "--bail", "1"], cwd, lab);
    expect(out).toMatch(/Tests +1 failed \(4\)/);
    expect(code).toBe(1);
  });

  test("each under its own deadline, which leaves what was learned", async () => {
    const peer = await playTranscript("S: 220 mute ESMTP\nC: EHLO *\n@silence\n");
    const text = `name: mute\ntargets:\n  mx: { target_host: 127.0.0.1, target_port: ${peer.port} }\nchecks:\n  - probe: network.smtp@2\n    timeout_ms: 300\n`;
    const { code, err } = await probeRunTest(["mail.yaml"], folder({ "mail.yaml": text }));
    await peer.close();
    expect(code).toBe(1);
    expect(err).toContain("timeout in ehlo");
    expect(err).toMatch(/✗ {2}EHLO/);
    expect(err).toMatch(/greeting +\d+\.\d +\d+\.\d +220 {3}mute ESMTP/);
  });

  test("again whenever the suite's file changes", async () => {
    const cwd = folder({ "mail.yaml": suite("  - probe: network.smtp@2\n    name: before\n") });
    const { run, child } = startProbeRunTest(["mail.yaml", "--watch", "--reporter", "verbose"], cwd, lab);
    await expect.poll(() => run.out, { timeout: 20_000 }).toMatch(/before[\s\S]*Waiting for file changes/);
    writeFileSync(join(cwd, "mail.yaml"), suite("  - probe: network.smtp@2\n    name: after\n"));
    await expect.poll(() => run.out, { timeout: 20_000 }).toMatch(/RERUN[\s\S]*after[\s\S]*1 passed/);
    writeFileSync(join(cwd, "mail.yaml"), suite("  - probe: network.smtp@2\n    nam: wrong\n"));
    await expect.poll(() => run.err, { timeout: 20_000 }).toMatch(/mail\.yaml:6:5: checks\.0\.nam: there is no such field; did you mean name\?/);
    expect(child.exitCode).toBeNull();
  }, 60_000);
});

describe("what is wrong with the command line ends with 2, and nothing runs", () => {
  test.each<[why: string, argv: string[], message: string]>([
    ["no such file", ["none.yaml"], 'there is no file "none.yaml"'],
    ["a folder", ["."], " is a folder"],
    ["a misspelt option", ["mail.yaml", "--taggs", "a"], "did you mean --tags?"],
    ["an invalid count", ["mail.yaml", "--retry", "often"], "--retry must be a whole number from 0 to 20"],
    ["a configuration", ["mail.yaml", "--", "--config", "x.ts"], "vitest's option --config cannot be used with suites"],
    ["a suite behind the dashes", ["mail.yaml", "--", "--silent", "--", "more.yaml"], '"more.yaml" is not an option of vitest'],
  ])("%s", async (_, argv, message) => {
    const { code, out, err } = await probeRunTest(argv, folder({ "mail.yaml": example }), lab);
    expect(err).toContain(message);
    expect(out).toBe("");
    expect(code).toBe(2);
  });
});

test("without vitest it says how to get it, and ends with 3", async () => {
  const cwd = folder({ "mail.yaml": example });
  const installed = join(cwd, "node_modules/probe-run");
  mkdirSync(installed, { recursive: true });
  cpSync(join(REPO, "dist"), join(installed, "dist"), { recursive: true });
  cpSync(join(REPO, "package.json"), join(installed, "package.json"));
  for (const name of ["ajv", "yaml", "json-schema-to-ts", "nodemailer"]) symlinkSync(join(REPO, "node_modules", name), join(cwd, "node_modules", name));
  const { code, out, err } = await probeRunTest(["mail.yaml"], cwd, lab, join(installed, "dist/cli.cjs"));
  expect(err).toContain("npm install --save-dev vitest@4");
  expect(out).toBe("");
  expect(code).toBe(3);
});
