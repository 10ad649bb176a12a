import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatOfText } from "../../../../runner/cli/input/format.js";
import { probeRun } from "../command-line.js";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-formats-"));
afterAll(() => rmSync(cwd, { recursive: true }));

const INPUTS = [
  { target_host: "127.0.0.1", target_port: 1, tls: { mode: "none" } },
  { target_host: "::1", target_port: 2 },
];

/** The same two inputs in every format. */
const FORMATS = {
  "hosts.json": JSON.stringify(INPUTS, null, 2),
  "hosts.jsonl": `${INPUTS.map((each) => JSON.stringify(each)).join("\n\n")}\n`,
  "hosts.ndjson": INPUTS.map((each) => JSON.stringify(each)).join("\r\n"),
  "hosts.yaml": "- target_host: 127.0.0.1\n  target_port: 1\n  tls:\n    mode: none\n\n- { target_host: '::1', target_port: 2 }\n",
  "documents.yml": "target_host: 127.0.0.1\ntarget_port: 1\ntls: { mode: none }\n---\ntarget_host: ::1\ntarget_port: 2\n",
  "hosts.csv": '\ufefftarget_host,target_port,tls.mode\r\n127.0.0.1,1,none\r\n"::1",2,\r\n',
};

beforeAll(() => {
  for (const [name, text] of Object.entries(FORMATS)) writeFileSync(join(cwd, name), text);
});

const targetsOf = (outputs: readonly { output: { target_host: string; target_port: number } }[]) =>
  outputs.map(({ output: { target_host, target_port } }) => ({ target_host, target_port }));
const TARGETS = INPUTS.map(({ target_host, target_port }) => ({ target_host, target_port }));

describe.each(Object.entries(FORMATS))("%s", (name, text) => {
  test("a run reads it", async () => {
    const { code, out, err } = await probeRun(["network.smtp", name], { cwd });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(targetsOf(JSON.parse(out))).toEqual(TARGETS);
  });

  test("a run reads it from stdin, without a file name", async () => {
    const { code, out, err } = await probeRun(["network.smtp", "-"], { cwd, stdin: text });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(targetsOf(JSON.parse(out))).toEqual(TARGETS);
  });

  test.each([name, "-"])("enqueue reads it: %s", async (word) => {
    const path = join(cwd, `${name}-${word === "-" ? "stdin" : "file"}.db`);
    const { code, out, err } = await probeRun(["enqueue", "network.smtp", word, "--queue", `sqlite:${path}`, "--batch", "b"], { cwd, stdin: text });
    expect({ code, out, err }).toEqual({ code: 0, out: "2 accepted\n", err: "" });
  });
});

describe("rcpt reads lists of addresses", () => {
  const lists = {
    "list.json": '["a@one.invalid", { "email": "b@two.invalid" }]',
    "list.yaml": "- a@one.invalid\n- email: b@two.invalid\n",
    "list.jsonl": '"a@one.invalid"\n{"email":"b@two.invalid"}\n',
    "list.csv": "email\na@one.invalid\nb@two.invalid\n",
    "list.txt": "a@one.invalid\nb@two.invalid\n",
  };
  test.each(Object.entries(lists))("%s", async (name, text) => {
    writeFileSync(join(cwd, name), text);
    const { out, err } = await probeRun(["rcpt", name, "--queue", `sqlite:${join(cwd, `${name}.db`)}`], { cwd });
    expect(err + out).toMatch(/2 addresses/);
  });

  test.each(Object.entries(lists))("%s from stdin, without a file name", async (name, text) => {
    const { out, err } = await probeRun(["rcpt", "-", "--queue", `sqlite:${join(cwd, `${name}-stdin.db`)}`], { cwd, stdin: `\n${text}` });
    expect(err + out).toMatch(/2 addresses/);
  });

  test("an array over several lines, and a list with quoted cells", async () => {
    const spread = JSON.stringify(["a@one.invalid", { email: "b@two.invalid" }], null, 2);
    for (const [name, stdin] of Object.entries({ spread, quoted: '"Doe, J",a@one.invalid\n"Roe",b@two.invalid\n' })) {
      const { out, err } = await probeRun(["rcpt", "-", "--queue", `sqlite:${join(cwd, `${name}.db`)}`], { cwd, stdin });
      expect(err + out, name).toMatch(/2 addresses/);
    }
  });
});

describe("one input", () => {
  test.each([
    ["one.json", '{"target_host":"127.0.0.1","target_port":1}'],
    ["one.yaml", "# our host\ntarget_host: 127.0.0.1\ntarget_port: 1\n"],
  ])("%s gives one envelope", async (name, text) => {
    writeFileSync(join(cwd, name), text);
    for (const [word, stdin] of [
      [name, ""],
      ["-", text],
    ] as const) {
      const { code, out } = await probeRun(["network.smtp", word], { cwd, stdin });
      expect(code).toBe(1);
      expect(JSON.parse(out).output.target_port).toBe(1);
    }
  });
});

describe("an unreadable input is reported by its position", () => {
  test.each([
    ["bad.jsonl", '{"target_host":"127.0.0.1"}\n{"target_host":}\n', "bad.jsonl, line 2: it is not JSON\n  column 16: "],
    ["bad.yaml", "target_host: [\n", "line 2, column 1"],
    ["twice.yaml", "target_host: a\ntarget_host: b\n", "twice.yaml is not YAML"],
    [
      "bomb.yaml",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefg"].map((each, index) => `${each}: &${each} [${new Array(9).fill(`*${"abcdef"[index]}`)}]`).join("\n")}\n`,
      "bomb.yaml cannot be read as YAML",
    ],
    ["headless.csv", "127.0.0.1,25\n", "headless.csv, line 1: it is not a CSV header"],
    ["wide.csv", "target_host,target_port\n127.0.0.1,25,never\n", "wide.csv, line 2: it does not fit the header"],
    ["empty.yaml", "\n\n", "empty.yaml holds no input"],
  ])("%s", async (name, text, said) => {
    writeFileSync(join(cwd, name), text);
    const { code, out, err } = await probeRun(["network.smtp", name], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });

  test("enqueue skips an invalid line, and stores the others", async () => {
    const { code, out, err } = await probeRun(["enqueue", "network.smtp", "bad.jsonl", "--queue", `sqlite:${join(cwd, "bad.db")}`], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "1 accepted, 1 invalid\n" });
    expect(err).toContain("bad.jsonl, line 2: it is not JSON\n  column 16: ");
  });
});

test.each([
  ["{", "json"],
  ["[1,", "json"],
  ['{"a":1}', "jsonl"],
  ['"a@b.example"', "jsonl"],
  ["target_host: mx.example.org", "yaml"],
  ["- target_host: mx.example.org", "yaml"],
  ["---", "yaml"],
  ["target_host,target_port", "csv"],
  ["target_host", "csv"],
])("a text that begins with %s is %s", (line, format) => {
  expect(formatOfText(line)).toBe(format);
});
