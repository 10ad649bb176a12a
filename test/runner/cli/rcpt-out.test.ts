import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { probeRun } from "./command-line.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-out-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** An address that needs no server: no connection is made. */
const LIST = "email\nada@[127.0.0.1]\n";

async function rcpt(list: string, words: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; err: string; out: string }> {
  writeFileSync(join(folder, "list.csv"), list);
  return probeRun(["rcpt", "list.csv", ...words], { cwd: folder, env: { PROBE_RUN_BEHAVIOUR: join(folder, "behaviour.db"), ...env } });
}

describe("--out never changes a file that is not a result of the same list", () => {
  test.each([
    ["one line without a final newline", "precious", "csv"],
    ["a table of another program", "a,b\r\n1,2\r\n", "csv"],
    ["JSONL of another program", '{"name":"x"}\n', "csv"],
    ["JSONL with a line and an e-mail address, and nothing else", '{"line":2,"email":"ada@[127.0.0.1]"}\n', "csv"],
    ["a result of another list", "", "other"],
    ["a result that another program continued", "", "tail"],
  ])("%s", async (_what, content, kind) => {
    const head =
      "line,email,verdict,confidence,rule,category,reason,code,enhanced_code,message,mx_host,decided_at,retry_after_ms,catch_all,elapsed_ms,error\r\n";
    const row = (email: string): string => `2,${email},unknown,0,not_now,unknown,no_answer,,,,,connect,,unknown,1,x\r\n`;
    const text = kind === "other" ? head + row("bob@example.org") : kind === "tail" ? `${head}${row("ada@[127.0.0.1]")}my notes` : content;
    writeFileSync(join(folder, "out.csv"), text);
    const { code, err } = await rcpt(LIST, ["--out", "out.csv"]);
    expect(err).toContain("out.csv");
    expect(code).toBe(2);
    expect(readFileSync(join(folder, "out.csv"), "utf8")).toBe(text);
  });
});

test.each<[string, string, readonly string[], Record<string, string>, string]>([
  ["a folder that does not exist", LIST, ["--out", "nowhere/out.csv"], {}, "does not exist"],
  ["a folder as the file", LIST, ["--out", "."], {}, "is not a regular file"],
  ["a quote that is not closed", 'email\n"ada@example.org\n', [], {}, "line 2: a quote is not closed"],
  ["an address with a display name", "email\nJohn <john@example.org>\n", [], {}, "is not a plain address"],
  ["no list of hosts in SMTP_SELF_TEST_HOSTS", LIST, [], { SMTP_SELF_TEST_HOSTS: "nonsense" }, "SMTP_SELF_TEST_HOSTS"],
])("%s is bad input", async (_what, list, words, env, expected) => {
  const { code, err, out } = await rcpt(list, words, env);
  expect(err).toContain(expected);
  expect({ code, out }).toEqual({ code: 2, out: "" });
});

test("so is an address with a display name", async () => {
  const { code, err } = await probeRun(["rcpt", "John <john@example.org>"], { cwd: folder, env: {} });
  expect(err).toContain("write john@example.org");
  expect(code).toBe(2);
});
