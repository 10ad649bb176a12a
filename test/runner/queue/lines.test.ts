import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BACKEND_DEFAULTS } from "../../../runner/queue/backend-options.js";
import { openFile } from "../../../runner/queue/lines/file.js";
import { openStdout } from "../../../runner/queue/lines/stdout.js";
import { openBackend } from "../../../runner/queue/open-backend.js";
import { message } from "./backend-contract.js";

const run = promisify(execFile);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-lines-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("file:", () => {
  const linesIn = (path: string): string[] => readFileSync(path, "utf8").split("\n").slice(0, -1);

  test("appends each message as a line, in order", async () => {
    const path = join(folder, "results.jsonl");
    for (const ids of [["a", "b"], ["c"]]) {
      const { results, jobs, close } = await openBackend(`file:${path}`);
      expect(jobs).toBeNull();
      expect(await results.push(ids.map((id) => message(id)))).toEqual(ids.map(() => "accepted"));
      await close();
    }
    expect(linesIn(path)).toEqual(["a", "b", "c"].map((id) => message(id).body));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("stores simultaneous pushes, and closing waits for them", async () => {
    const path = join(folder, "results.jsonl");
    const { results, close } = await openFile(path, BACKEND_DEFAULTS);
    const pushed = Array.from({ length: 200 }, (_, index) => results.push([message(`m${index}`)]));
    await close();
    await Promise.all(pushed);
    expect(linesIn(path)).toEqual(Array.from({ length: 200 }, (_, index) => message(`m${index}`).body));
    await expect(results.push([message("late")])).rejects.toMatchObject({ code: "closed" });
  });

  test("starts a new line after one that a dead process left incomplete", async () => {
    const path = join(folder, "results.jsonl");
    writeFileSync(path, '{"half":');
    const { results, close } = await openFile(path, BACKEND_DEFAULTS);
    await results.push([message("a")]);
    await close();
    expect(linesIn(path)).toEqual(['{"half":', message("a").body]);
  });

  test("lines of several processes that write at once are not mixed", async () => {
    const path = join(folder, "results.jsonl");
    const script = await writerScript();
    await Promise.all(["x", "y", "z"].map((name) => run(process.execPath, [script, path, name])));
    const lines = linesIn(path).map((line) => JSON.parse(line) as { id: string; filling: string });
    expect(new Set(lines.map(({ id }) => id)).size).toBe(300);
    expect(lines.every(({ filling }) => filling.length === 20_000)).toBe(true);
  });

  test("reports a full disk", async () => {
    const { results, close } = await openFile("/dev/full", BACKEND_DEFAULTS);
    await expect(results.push([message("a")])).rejects.toMatchObject({ name: "QueueError", code: "full", message: expect.stringContaining("/dev/full") });
    await close();
  });

  test("reports a file that is not writable, and a missing folder", async () => {
    await expect(openFile(folder, BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "not_a_queue" });
    await expect(openFile(join(folder, "no", "results.jsonl"), BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "not_a_queue" });
    await expect(openFile(join(folder, "results.jsonl"), { ...BACKEND_DEFAULTS, mayCreate: false })).rejects.toMatchObject({ code: "not_a_queue" });
    expect(existsSync(join(folder, "results.jsonl"))).toBe(false);
    // No mode restricts root: a read-only file system is needed.
    const readOnly = process.getuid?.() === 0 ? "/sys/kernel/uevent_seqnum" : join(folder, "read-only.jsonl");
    if (readOnly.startsWith(folder)) writeFileSync(readOnly, "", { mode: 0o400 });
    await expect(openFile(readOnly, BACKEND_DEFAULTS)).rejects.toMatchObject({ code: "read_only" });
  });

  test("refuses a message with a line break, and writes nothing of the push", async () => {
    const path = join(folder, "results.jsonl");
    const { results, close } = await openFile(path, BACKEND_DEFAULTS);
    await expect(results.push([message("a"), { ...message("b"), body: "{\n}" }])).rejects.toMatchObject({ code: "refused" });
    await close();
    expect(readFileSync(path, "utf8")).toBe("");
  });

  /** A separate process that pushes a hundred messages. */
  async function writerScript(): Promise<string> {
    const outfile = join(folder, `${randomUUID()}.mjs`);
    const contents = `
      import { openFile } from "./runner/queue/lines/file.js";
      const [path, name] = process.argv.slice(2);
      const { results, close } = await openFile(path, { retentionMs: 1, mayCreate: true });
      const body = (id) => JSON.stringify({ id, filling: "x".repeat(20000) });
      for (let index = 0; index < 100; index += 4)
        await results.push([0, 1, 2, 3].map((more) => ({ id: name + (index + more), body: body(name + (index + more)), key: null, priority: 0, delayMs: 0 })));
      await close();`;
    await build({ stdin: { contents, resolveDir: process.cwd(), loader: "js" }, outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
    return outfile;
  }
});

describe("stdout:", () => {
  test("writes each message as a line, and acknowledges it when it was read", async () => {
    const taken: string[] = [];
    const slow = new Writable({
      write(chunk: Buffer, _, callback) {
        setTimeout(() => {
          taken.push(chunk.toString());
          callback();
        }, 20);
      },
    });
    const { results, close } = await openStdout(slow);
    expect(await results.push([message("a"), message("b")])).toEqual(["accepted", "accepted"]);
    expect(taken.join("")).toBe(`${message("a").body}\n${message("b").body}\n`);
    await close();
  });

  test("reports a reader that has ended as closed, without ending the process", async () => {
    const broken = new Writable({ write: (_, __, callback) => callback(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })) });
    const { results, close } = await openStdout(broken);
    await expect(results.push([message("a")])).rejects.toMatchObject({ code: "closed", message: expect.stringContaining("stdout:") });
    await close();
  });

  test("has no path, unlike the others", async () => {
    for (const url of ["stdout:x", "file:", "sqlite:"]) await expect(openBackend(url)).rejects.toMatchObject({ code: "usage" });
    expect((await openBackend("stdout:")).address).toBe("stdout:");
  });
});
