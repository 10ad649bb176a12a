import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NO_LIMITS } from "../../../../runner/limits/limits.js";
import type { Backend, Channel } from "../../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS } from "../../../../runner/queue/backend-options.js";
import { openSqlite } from "../../../../runner/queue/sqlite/backend.js";
import type { MachineClock } from "../../../../runner/queue/sqlite/store-clock.js";
import { message } from "../backend-contract.js";
import { Program } from "./program.js";

const HOUR = 3_600_000;
let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "probe-run-clock-"));
});

afterEach(() => rm(cwd, { recursive: true }));

describe.each([
  ["forward", HOUR],
  ["back", -HOUR],
])("a wall clock that jumps an hour %s", (_, jumpMs) => {
  test("under a worker expires no lease, neither its own nor another's", async () => {
    const silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const slow = { target_host: "127.0.0.1", target_port: (silent.address() as AddressInfo).port, command_timeout_ms: 2500 };
    const enqueue = new Program(["enqueue", "network.smtp", "-"], { cwd, stdin: `${JSON.stringify(slow)}\n`.repeat(4) });
    expect(await enqueue.ended).toMatchObject({ code: 0 });
    const jump = join(cwd, "jump.cjs");
    await writeFile(
      jump,
      `const now = Date.now, at = process.hrtime.bigint(); Date.now = () => now() + (process.hrtime.bigint() - at > 700000000n ? ${jumpMs} : 0);`,
    );
    const work = ["work", "--drain", "--concurrency", "2", "--lease", "900"];
    const workers = [new Program(work, { cwd, node: ["--require", jump] }), new Program(work, { cwd })];
    for (const { ended } of workers) expect(await ended).toMatchObject({ code: 0 });
    const consume = new Program(["consume", "--drain"], { cwd });
    await consume.ended;
    const attempts = consume.lines.map((line) => (JSON.parse(line) as { attempt: number }).attempt);
    expect(attempts).toEqual([1, 1, 1, 1]);
    silent.close();
  });

  test("between two openings of the file changes neither leases nor delays", async () => {
    const clock = new HandClock();
    const first = await open(clock);
    await jobs(first).push([message("leased"), message("delayed", { delayMs: 60_000 })]);
    expect(await claim(first)).toHaveLength(1);
    clock.wall += jumpMs;
    const second = await open(clock);
    expect(await claim(second)).toEqual([]);
    clock.pass(59_000);
    expect(await claim(first)).toMatchObject([{ id: "leased", attempt: 2 }]);
    expect(await claim(second)).toEqual([]);
    clock.pass(1001);
    expect(await claim(second)).toMatchObject([{ id: "delayed" }]);
    await first.close();
    await second.close();
  });
});

describe("a restart of the machine", () => {
  test("continues by the wall clock: what was due while it was off is due", async () => {
    const clock = new HandClock();
    const before = await open(clock);
    await jobs(before).push([message("leased"), message("delayed", { delayMs: HOUR })]);
    await claim(before);
    await before.close();
    clock.restart(2 * HOUR);
    const after = await open(clock);
    expect(await claim(after)).toMatchObject([
      { id: "leased", attempt: 2 },
      { id: "delayed", attempt: 1 },
    ]);
    await after.close();
  });

  test("with a clock that went back does not delay anything for years", async () => {
    const clock = new HandClock();
    const before = await open(clock);
    clock.pass(5000);
    await jobs(before).push([message("delayed", { delayMs: 1000 })]);
    await before.close();
    clock.restart(0);
    clock.wall = 0;
    const after = await open(clock);
    clock.pass(6001);
    expect(await claim(after)).toMatchObject([{ id: "delayed" }]);
    await after.close();
  });
});

/** Leases of half a minute. */
function claim(backend: Backend) {
  return jobs(backend).claim({ max: 10, leaseMs: 30_000, waitMs: 0, limits: NO_LIMITS });
}

function jobs(backend: Backend): Channel {
  return backend.jobs as Channel;
}

function open(clock: MachineClock): Promise<Backend> {
  return openSqlite(join(cwd, "queue.db"), BACKEND_DEFAULTS, clock);
}

class HandClock implements MachineClock {
  wall = Date.UTC(2026, 10, 20);
  #monotonic = 500_000;
  #boot = 1;

  pass(ms: number): void {
    this.wall += ms;
    this.#monotonic += ms;
  }

  restart(offMs: number): void {
    this.wall += offMs;
    this.#monotonic = 10_000;
    this.#boot += 1;
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  wallMs(): number {
    return this.wall;
  }

  bootId(): string {
    return `boot ${this.#boot}`;
  }
}
