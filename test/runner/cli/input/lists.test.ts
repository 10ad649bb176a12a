import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { probeRun } from "../command-line.js";

const cwd = mkdtempSync(join(tmpdir(), "probe-run-lists-"));
afterAll(() => rmSync(cwd, { recursive: true }));

let files = 0;
function wrote(ending: string, content: string | Uint8Array): string {
  const name = `list-${++files}.${ending}`;
  writeFileSync(join(cwd, name), content);
  return name;
}
const enqueue = (list: string, ...options: string[]) =>
  probeRun(["enqueue", "network.smtp", list, "--queue", `sqlite:${join(cwd, "queue.db")}`, ...options], { cwd });
const runIn2 = (list: string) => probeRun(["network.smtp", list, "--processes", "2", "--compact"], { cwd });

describe("a quote that is not closed", () => {
  const rows = 'target_host,target_port\n127.0.0.1,1\n127.0.0.1,2\n"127.0.0.1,3\n127.0.0.1,4\n';

  test("enqueue stores the other lines", async () => {
    const list = wrote("csv", rows);
    const { code, out, err } = await enqueue(list);
    expect({ code, out }).toEqual({ code: 2, out: "3 accepted, 1 invalid\n" });
    expect(err).toContain(`probe-run: ${list}, line 4: a quote is not closed: "\\"127.0.0.1,3"\n`);
  });

  test("--processes runs the other lines", async () => {
    const list = wrote("csv", rows);
    const { code, out, err } = await runIn2(list);
    expect(code).toBe(2);
    expect(err).toContain(`probe-run: ${list}, line 4: a quote is not closed`);
    const ports = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)?.output.status ?? null);
    expect(ports).toEqual(["error", "error", null, "error"]);
  });

  test("of a header is an error of the list", async () => {
    const list = wrote("csv", '"target_host\n127.0.0.1\n');
    const { code, out, err } = await enqueue(list);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`${list}, line 1: a quote is not closed`);
  });
});

describe("bytes that are not UTF-8 text", () => {
  const bytes = Buffer.concat([Buffer.from("\u007fELF\u0002\u0001\u0000\n@"), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from("\n")]);

  test.each(["csv", "jsonl", "json", "txt"])("in a .%s", async (ending) => {
    const list = wrote(ending, bytes);
    for (const { code, out, err } of [await probeRun(["rcpt", list], { cwd }), await enqueue(list)]) {
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("not UTF-8 text");
    }
  });

  test("from stdin", async () => {
    const { code, out, err } = await probeRun(["rcpt", "-"], { cwd, stdin: bytes });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("stdin cannot be read\n  line 2 is not UTF-8 text");
  });

  test("control characters are no address, nor printed", async () => {
    const list = wrote("txt", "ada@example.org\n\u001b[2J@example.org\n");
    const { code, out, err } = await probeRun(["rcpt", list], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`${list}, line 2: "\\u001b[2J@example.org" contains a control character`);
  });
});

describe("a list that holds nothing", () => {
  const EMPTY = [
    ["json", ""],
    ["json", "[]"],
    ["jsonl", "\n\n"],
    ["csv", ""],
    ["csv", "target_host,target_port\n"],
    ["yaml", "\n"],
    ["lst", "\n"],
  ] as const;

  test.each(EMPTY)(".%s %j: 0 jobs", async (ending, text) => {
    expect(await enqueue(wrote(ending, text))).toEqual({ code: 0, out: "0 accepted\n", err: "" });
  });

  test.each(EMPTY)(".%s %j: nothing to run", async (ending, text) => {
    const list = wrote(ending, text);
    const expected = { code: 2, out: "", err: expect.stringContaining(`${list} holds no input`) };
    expect(await probeRun(["network.smtp", list], { cwd })).toMatchObject(expected);
    expect(await runIn2(list)).toMatchObject(expected);
  });

  test.each([...EMPTY.filter(([, text]) => !text.includes("target_host")), ["csv", "email\n"] as const])(".%s %j: 0 addresses", async (ending, text) => {
    const list = wrote(ending, text);
    expect(await probeRun(["rcpt", list], { cwd })).toMatchObject({ code: 0, err: expect.stringContaining("0 addresses") });
    const jobs = await probeRun(["rcpt", list, "--queue", `sqlite:${join(cwd, "queue.db")}`], { cwd });
    expect(jobs).toMatchObject({ code: 0, out: "0 jobs for 0 addresses of 0 sites\n" });
  });
});

describe("columns", () => {
  test.each([
    [["network.smtp"], "target_host,target_host\na.example,b.example\n", 'line 1: two columns are called "target_host"'],
    [["rcpt"], "email,email\na@example.org,b@example.org\n", 'line 1: two columns are called "email"'],
    [["rcpt"], "email,name\na@example.org,Doe, Ada\n", "line 2: it does not fit the header\n  it has 3 cells, and the header 2"],
  ])("%j of %j", async (words, text, message) => {
    const list = wrote("csv", text);
    const { code, out, err } = await probeRun([...words, list], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`probe-run: ${list}, ${message}`);
  });
});

test("an error in a list is named by the list and the line", async () => {
  const list = wrote("csv", "target_host,target_port\n127.0.0.1,1\n\n127.0.0.1,70000\n");
  const { code, out, err } = await probeRun(["network.smtp", list], { cwd });
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(`probe-run: ${list}: the input does not fit network.smtp@2.0.0\n  line 4 /target_port  must be`);
});

describe("what is not a list", () => {
  test.each([
    [["network.smtp", "127.0.0.1:25", "--processes", "2"], '--processes needs a list, and there is no file "127.0.0.1:25"'],
    [["enqueue", "network.smtp", "127.0.0.1:25"], 'enqueue needs a list, and there is no file "127.0.0.1:25"'],
    [["rcpt", "b.example"], '"b.example" is neither an address nor a file\n  an address has an @'],
    [["network.smtp", ""], "the target is empty"],
    [["rcpt", ""], "the address is empty"],
    [["enqueue", "network.smtp", ""], "the name of the file is empty"],
    [["network.smtp", "", "--processes", "2"], "the name of the file is empty"],
    [["suppress", "import", ""], "the name of the file is empty"],
  ])("%j", async (words, message) => {
    const { code, out, err } = await probeRun(words, { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`probe-run: ${message}`);
  });
});
