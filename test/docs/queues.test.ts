import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLI, probeRun } from "../runner/cli/command-line.js";

const run = promisify(execFile);
const markdown = await readFile(resolve("docs/queues.md"), "utf8");
const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({ language, text }));
const lines = blocks.flatMap(({ text }) => text.split("\n")).filter((line) => line.startsWith("probe-run "));
/** A closed port: that is a result, too. */
const CLOSED = '{ target_host: "127.0.0.1", target_port: 1 }';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-docs-queues-"));
  await writeFile(join(folder, "hosts.jsonl"), '{"target_host":"127.0.0.1","target_port":1}\n'.repeat(3));
});

afterAll(() => rm(folder, { recursive: true }));

describe("docs/queues.md", () => {
  test("its command lines work, one after the other", async () => {
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) await run("sh", ["-c", line.replace(/^probe-run/, `"${process.execPath}" "${CLI}"`)], { cwd: folder });
    expect((await readFile(join(folder, "results.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(3);
  });

  test("its code works", async () => {
    const code = blocks.find(({ language }) => language === "ts")?.text as string;
    const library = pathToFileURL(resolve("dist/index.js")).href;
    const runnable = code.replace('"probe-run"', JSON.stringify(library)).replace('{ target_host: "mx.example.org" }', CLOSED);
    await writeFile(join(folder, "code.mjs"), `const store = async (event) => (console.log(event.id), true);\n${runnable}`);
    expect((await run(process.execPath, ["code.mjs"], { cwd: folder })).stdout).toBe("mx-1:result\n");
  });

  test("every option that it names is one", async () => {
    const named = [...markdown.matchAll(/`[^`\n]*`/g)].flatMap(([code]) => [...code.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option));
    const helps = await Promise.all(["enqueue", "work", "consume", "queue", "run"].map((command) => probeRun([command, "--help"])));
    const known = helps.map(({ out }) => out).join("\n");
    expect(named.length).toBeGreaterThan(10);
    expect([...new Set(named)].filter((option) => !known.includes(option))).toEqual([]);
  });
});
