import { chmod, cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../../runner/queue/backend-options.js";
import { openSqlite } from "../../../../runner/queue/sqlite/backend.js";
import { SqliteChannel } from "../../../../runner/queue/sqlite/channel.js";
import { openDatabase } from "../../../../runner/queue/sqlite/open-database.js";
import { machineClock } from "../../../../runner/queue/sqlite/store-clock.js";
import { message } from "../backend-contract.js";
import { Program, type StartOptions } from "./program.js";

let cwd: string;
const input = `${JSON.stringify({ target_host: "127.0.0.1", target_port: 1 })}\n`;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "probe-run-disk-"));
});

afterEach(async () => {
  await chmod(join(cwd, ".probe-run"), 0o700).catch(() => undefined);
  await rm(cwd, { recursive: true });
});

const file = () => join(cwd, ".probe-run/queue.db");

async function probeRun(argv: readonly string[], options: Partial<StartOptions> = {}) {
  const program = new Program(argv, { cwd, ...options });
  const { code } = await program.ended;
  return { code, out: program.out, err: program.err, lines: program.lines };
}

async function waiting(): Promise<number> {
  const { out } = await probeRun(["queue", "stats", "--json"]);
  return (JSON.parse(out) as { jobs: { waiting: number } }).jobs.waiting;
}

describe("a full disk", () => {
  test("is reported, and every accepted job is there", async () => {
    const { code, err, lines } = await probeRun(["enqueue", "network.smtp", "-", "--ids"], { stdin: input.repeat(20_000), mostFileKib: 2000 });
    expect(code).toBe(3);
    expect(err).toContain(file());
    expect(err).toMatch(/Accepted messages remain stored/);
    expect(err).not.toMatch(/\n {4}at /);
    expect(lines.length).toBeGreaterThan(0);
    expect(await waiting()).toBe(lines.length);
  });

  test("is reported as such, and accepts more once there is space", async () => {
    const database = openDatabase(join(cwd, "queue.db"), true, machineClock);
    const jobs = new SqliteChannel(database, "job", 1000, null);
    await jobs.push([message("before")]);
    database.driver.exec("PRAGMA max_page_count = 40");
    const much = Array.from({ length: 200 }, (_, index) => ({ ...message(`much-${index}`), body: "x".repeat(4000) }));
    await expect(jobs.push(much)).rejects.toMatchObject({ name: "QueueError", code: "full", message: expect.stringContaining("no space left") });
    expect(await jobs.counts()).toMatchObject({ waiting: 1 });
    database.driver.exec("PRAGMA max_page_count = 100000");
    await jobs.push([message("after")]);
    expect(await jobs.counts()).toMatchObject({ waiting: 2 });
    await database.close();
  });
});

describe("a read-only file", () => {
  test("is reported, and not changed", async () => {
    await probeRun(["enqueue", "network.smtp", "-"], { stdin: input });
    const before = await readFile(file());
    await chmod(cwd, 0o755);
    await chmod(file(), 0o444);
    await chmod(join(cwd, ".probe-run"), 0o555);
    // root may write everything. Node itself may be installed where only root can start it.
    const asNobody = join(cwd, "nobody.cjs");
    await writeFile(asNobody, "if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }");
    const { code, err } = await probeRun(["enqueue", "network.smtp", "-"], { stdin: input, node: ["--require", asNobody] });
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/queue\.db cannot be (written|opened)/) });
    expect(await readFile(file())).toEqual(before);
  });
});

describe("a corrupted file", () => {
  test.each([
    ["text", "a shopping list, and no database\n"],
    ["a few bytes", "x"],
    ["binary", String.fromCharCode(0, 1, 2, 3).repeat(5000)],
  ])("%s instead of a database is reported, and never overwritten", async (_, content) => {
    await mkdir(join(cwd, ".probe-run"));
    await writeFile(file(), content);
    for (const argv of [
      ["enqueue", "network.smtp", "-"],
      ["work", "--drain"],
      ["consume", "--drain"],
      ["queue", "stats"],
    ]) {
      const { code, err } = await probeRun(argv, { stdin: input });
      expect({ argv, code, err }).toEqual({ argv, code: 3, err: expect.stringContaining("Nothing was overwritten") });
    }
    expect(await readFile(file(), "utf8")).toBe(content);
  });

  test("corrupted pages are reported, and the rest of the file stays", async () => {
    const backend = await openSqlite(join(cwd, "queue.db"), BACKEND_DEFAULTS);
    await (backend.jobs as Channel).push(Array.from({ length: 2000 }, (_, index) => message(`m${index}`)));
    await backend.close();
    const bytes = await readFile(join(cwd, "queue.db"));
    // The header stays intact: the corruption is after it.
    bytes.fill(0xa5, 4096 * 2);
    await writeFile(join(cwd, "queue.db"), bytes);
    const { code, err } = await probeRun(["work", "--drain", "--queue", "sqlite:queue.db"]);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("is corrupted") });
    expect((await readFile(join(cwd, "queue.db"))).subarray(4096 * 2).equals(bytes.subarray(4096 * 2))).toBe(true);
  });

  test("a truncated file is reported", async () => {
    const backend = await openSqlite(join(cwd, "queue.db"), BACKEND_DEFAULTS);
    await (backend.jobs as Channel).push(Array.from({ length: 2000 }, (_, index) => message(`m${index}`)));
    await backend.close();
    await truncate(join(cwd, "queue.db"), 4096 * 3 + 100);
    const { code, err } = await probeRun(["work", "--drain", "--queue", "sqlite:queue.db"]);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("is corrupted") });
  });

  test("a database of another program is rejected before anything is changed", async () => {
    const backend = await openSqlite(join(cwd, "queue.db"), BACKEND_DEFAULTS);
    await backend.close();
    const bytes = await readFile(join(cwd, "queue.db"));
    // The position of PRAGMA application_id (SQLite's file format, section 1.3).
    bytes.writeUInt32BE(0x1234, 68);
    await writeFile(join(cwd, "other.db"), bytes);
    await cp(join(cwd, "other.db"), join(cwd, "copy.db"));
    const { code, err } = await probeRun(["enqueue", "network.smtp", "-", "--queue", "sqlite:other.db"], { stdin: input });
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("a database of another program") });
    expect(await readFile(join(cwd, "other.db"))).toEqual(await readFile(join(cwd, "copy.db")));
  });
});
