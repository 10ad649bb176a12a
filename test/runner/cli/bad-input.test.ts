import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { probeRun } from "./command-line.js";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-bad-input-"));
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(cwd, name), content);
let server: TranscriptServer;

beforeAll(async () => {
  server = await playTranscript("S: 220 no client should connect here");
  write("good.json", JSON.stringify({ target_host: server.host, target_port: server.port }));
  write("empty.json", "");
  write("comma.json", '{\n  "target_host": "a",,\n}');
  write("bytes.json", Buffer.from([0xff, 0xfe, 0x7b]));
  write("huge.json", "");
  truncateSync(join(cwd, "huge.json"), 100 * 1024 * 1024);
  write("none.json", "[]");
  mkdirSync(join(cwd, "folder"));
});
afterEach(() => expect(server.connections, "nothing may be sent").toBe(0));
afterAll(async () => {
  await server.close();
  rmSync(cwd, { recursive: true });
});

/** Each of these exits with 2, prints nothing on stdout, and these texts on stderr. */
async function refused(argv: readonly string[], ...words: string[]): Promise<void> {
  const { code, out, err } = await probeRun(argv, { cwd });
  expect({ code, out }).toEqual({ code: 2, out: "" });
  for (const each of words) expect(err).toContain(each);
  expect(err).not.toContain("    at ");
}

describe("a file", () => {
  test.each([
    ["missing.json", 'there is no file "missing.json"'],
    ["god.json", "did you mean good.json?"],
    ["folder", "folder is a folder"],
    ["empty.json", "empty.json holds no input"],
    ["comma.json", 'line 2, column 22: expected a field name in double quotes, found ","'],
    ["bytes.json", "it is not UTF-8 text"],
    ["huge.json", "it holds 100 MB; an input holds 16 MB at most"],
    ["none.json", "none.json holds no input"],
  ])("%s", (name, words) => refused(["network.smtp", name], words));

  test("stdin beyond the size limit", async () => {
    const { code, err } = await probeRun(["network.smtp", "-"], { stdin: Buffer.alloc(17 * 1024 * 1024, 0x20) });
    expect(code).toBe(2);
    expect(err).toContain("it holds more than 16 MB");
  });
});

describe("a name", () => {
  test.each([
    ["network.smpt", "did you mean network.smtp"],
    ["nonsense", "`probe-run list` shows all probes"],
    ["constructor", 'there is no probe called "constructor"'],
    ["lsit", "there is a command list"],
    ["network.smtp@9", "it serves 2.0.0 and 1.0.0"],
    ["network.smtp@2.0", '"2.0" is not a version'],
    ["network.smtp@latest", '"latest" is not a version'],
  ])("%s", (name, words) => refused([name, "good.json"], words));

  test("a wrong probe and a wrong file are both reported", () => refused(["network.smpt", "missing.json"], "network.smtp", "missing.json"));
});

describe("a host", () => {
  test.each(["a,b", "a b", "a\r\nQUIT", "a\nb", "a\u0000b", "http://mx.example.org/", "mx.example.org:25", "", "-a", "256.256.256.256", "a".repeat(300)])(
    "%j",
    (host) => refused(["network.smtp", "good.json", "--set", `target_host=${JSON.stringify(host)}`], "/target_host  must be a host name or an IP address"),
  );
});

describe("a port", () => {
  test.each([
    ["0", "must be a whole number from 1 to 65535, not 0"],
    ["65536", "must be a whole number from 1 to 65535, not 65536"],
    ["25.5", "must be a whole number, not 25.5"],
    ['"25"', 'must be a whole number, not "25"; write it without quotes: 25'],
    ["null", "must be a whole number, not null"],
  ])("%s", (port, words) => refused(["network.smtp", "good.json", "--set", `target_port=${port}`], `/target_port  ${words}`));
});

test("every violation is reported at once, with its pointer and the nearest valid name", async () => {
  const { code, err } = await probeRun(["network.smtp", "-"], { stdin: JSON.stringify({ target_hots: "a", target_port: 70000, tls: { mode: "starttsl" } }) });
  expect(code).toBe(2);
  expect(err.split("\n")).toEqual([
    "probe-run: the input does not fit network.smtp@2.0.0",
    "  /target_host  is missing: the server's host name, or its IPv4 or IPv6 address",
    "  /target_hots  there is no such field; did you mean target_host?",
    "  /target_port  must be a whole number from 1 to 65535, not 70000",
    '  /tls/mode     must be one of "none", "opportunistic", "starttls_if_offered", "starttls", "implicit", not "starttsl"; did you mean "starttls"?',
    "",
  ]);
});

test("an error inside an array is reported with its position, before anything is sent", async () => {
  const good = { target_host: server.host, target_port: server.port };
  const { code, out, err } = await probeRun(["network.smtp", "-"], { stdin: JSON.stringify([good, { ...good, target_port: 0 }, good, 7]) });
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain("input 2 /target_port  must be a whole number from 1 to 65535, not 0");
  expect(err).toContain("input 4               must be an object, not 7");
});

test("an unreadable secret is reported before anything is sent, also in an array", async () => {
  const input = { target_host: server.host, target_port: server.port, auth: { username: "me", password: { secret: "env:PROBE_RUN_NO_SUCH_VARIABLE" } } };
  for (const stdin of [input, [{ target_host: server.host, target_port: server.port }, input]]) {
    const { code, err } = await probeRun(["network.smtp", "-"], { stdin: JSON.stringify(stdin) });
    expect(code).toBe(2);
    expect(err).toContain(`${Array.isArray(stdin) ? "input 2 " : ""}/auth/password`);
    expect(err).toContain("PROBE_RUN_NO_SUCH_VARIABLE");
  }
});

test.each([
  [{ auth: { username: "me", password: 271828 } }, '/auth/password  must be text, or a reference such as {"secret": "env:NAME"}'],
  [{ auth: { username: "me", password: ["271828"] } }, "/auth/password"],
  [{ auth: "me:271828" }, "/auth  must be an object\n"],
  [{ auth: { username: "me", password: { secret: "271828" } } }, "/auth/password"],
])("no error message contains a secret: %j", async (fields, words) => {
  const { code, err } = await probeRun(["network.smtp", "-"], { stdin: JSON.stringify({ target_host: server.host, target_port: server.port, ...fields }) });
  expect(code).toBe(2);
  expect(err).toContain(words);
  expect(err).not.toContain("271828");
});

describe("the command line itself", () => {
  test.each([
    [["network.smtp"], "missing input"],
    [["network.smtp", "good.json", "--pretyt"], "did you mean --pretty?"],
    [["network.smtp", "good.json", "more.json"], 'unexpected argument "more.json"'],
    [["network.smtp", "good.json", "--timeout", "soon"], "--timeout must be a whole number"],
    [["network.smtp", "good.json", "--concurrency", "0"], "--concurrency must be a whole number"],
    [["network.smtp", "good.json", "--pretty", "--compact"], "--pretty and --compact cannot be combined"],
    [["network.smtp", "good.json", "--record", "no/such/folder/file"], "the transcript cannot be written"],
    [["network.smtp", "--lab=starttsl"], "did you mean starttls?"],
    [["describe"], "usage: probe-run describe"],
    [["schema", "network.smtp", "outptu"], "did you mean output?"],
    [["completion", "bsah"], "did you mean bash?"],
    [["new", "Bad Id"], '"Bad Id" is not a valid probe name'],
  ])("%j", (argv, words) => refused(argv, words));

  test("without arguments: the help, and exit code 2", async () => {
    const { code, out, err } = await probeRun([]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("Usage:");
  });
});
