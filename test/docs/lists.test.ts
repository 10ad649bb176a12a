import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI, probeRun } from "../runner/cli/command-line.js";

const run = promisify(execFile);
const markdown = await readFile(resolve("docs/lists.md"), "utf8");
const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({ language, text }));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-docs-lists-"));
  await writeFile(join(folder, "hosts.jsonl"), '{"target_host":"127.0.0.1","target_port":1}\n'.repeat(3));
});

afterAll(() => rm(folder, { recursive: true }));

test("its command line works", async () => {
  const line = blocks.find(({ language }) => language === "sh")?.text as string;
  // Nothing listens on that port: the exit code is 1.
  await run("sh", ["-c", line.trim().replace(/^probe-run/, `"${process.execPath}" "${CLI}"`)], { cwd: folder }).catch(({ code }) => expect(code).toBe(1));
  expect((await readFile(join(folder, "results.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(3);
});

test("its code works", async () => {
  const code = blocks.find(({ language }) => language === "ts")?.text as string;
  const library = pathToFileURL(resolve("dist/index.js")).href;
  const runnable = code.replace('"probe-run"', JSON.stringify(library)).replace("{ target_host: host }", "{ target_host: host, target_port: 1 }");
  await writeFile(join(folder, "code.mjs"), `const hosts = ["127.0.0.1", "127.0.0.2", "no host"];\n${runnable}`);
  const { stdout, stderr } = await run(process.execPath, ["code.mjs"], { cwd: folder });
  expect(stdout.trimEnd().split("\n").sort()).toEqual(["127.0.0.1 error", "127.0.0.2 error"]);
  expect(stderr).toContain("no host the input does not fit network.smtp@2.0.0: /target_host must be a host name or an IP address");
});

test("every option that it names is one", async () => {
  const { out: help } = await probeRun(["run", "--help"]);
  for (const [option] of markdown.matchAll(/--[a-z][a-z-]*/g)) expect(help, option).toContain(option);
});
