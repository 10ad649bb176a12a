import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { overview } from "../../../runner/cli/help.js";
import { probeRun } from "./command-line.js";

test.each([
  [["version"], "did you mean --version?"],
  [["package.json"], "name the probe first, as in `probe-run network.smtp package.json`"],
  [["zzzzzzzz", "mx.example.org"], "`probe-run list` shows all probes"],
  [["network.smtp", "mx.example.org", "--timeout", "5s"], '--timeout must be a whole number of milliseconds from 1 to 3600000, not "5s"'],
  [["dns", "foo"], 'unknown subcommand "foo"\n  the only one is plan'],
  [["dkim", "new", "--help"], 'unknown subcommand "new"'],
  [["help", "dkim", "new"], 'unknown subcommand "new"'],
  [["dkim", "check", "example.org", "--timeout", "1"], "the options are: --selector, --keys, --resolver, --json, --help"],
])("%j", async (words, hint) => {
  const { code, out, err } = await probeRun(words);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(hint);
  for (const line of err.split("\n")) expect(line.length).toBeLessThan(160);
});

test("an option of another subcommand is refused as before", async () => {
  const { code, err } = await probeRun(["dkim", "check", "example.org", "--type", "rsa"]);
  expect(code).toBe(2);
  expect(err).toContain("dkim check does not take --type");
});

test("the overview names the exit codes of an interruption", () => {
  expect(overview()).toMatch(/^ {2}130 .*\b143\b/m);
});

describe("enqueue --key", () => {
  const cwd = mkdtempSync(join(tmpdir(), "probe-run-key-"));
  afterAll(() => rmSync(cwd, { recursive: true }));
  const enqueue = (key: string) =>
    probeRun(["enqueue", "network.smtp", "-", "--key", key, "--queue", `sqlite:${join(cwd, "queue.db")}`], { stdin: '{"target_host":"127.0.0.1"}' });

  test.each([
    ["target_hots", '--key "target_hots": the input has no field target_hots\n  did you mean target_host?'],
    ["tls.mod", '--key "tls.mod": the input has no field tls.mod\n  did you mean mode?'],
    ["tls", '--key "tls": the field is no text and no number\n  give one of its fields: tls.NAME'],
    ["nope", '--key "nope": the input has no field nope\n  the fields are: target_host, '],
  ])("%s is no field that can be a key", async (key, message) => {
    const { code, out, err } = await enqueue(key);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });

  test.each(["target_host", "tls.mode"])("%s is a field", async (key) => {
    expect(await enqueue(key)).toEqual({ code: 0, out: "1 accepted\n", err: "" });
  });
});
