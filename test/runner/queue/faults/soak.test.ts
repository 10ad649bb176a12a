import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { listen } from "../../../../runner/net/transport/listen.js";
import { openQueue } from "../../../../runner/queue/queue.js";
import { Program } from "./program.js";

/** `npm run test:long` runs 20 minutes, which reveals slow leaks. */
const SOAK_MS = process.env.PROBE_RUN_LONG === "1" ? 20 * 60_000 : 20_000;
const SAMPLE_MS = SOAK_MS / 40;
const BATCH = 200;
/** A worker's heap grows until a garbage collection is worthwhile. */
const ROOM_KIB = 60 * 1024;
const ROOM_DESCRIPTORS = 16;

interface Sample {
  readonly residentKib: number;
  readonly descriptors: number;
}

/** As counted by Linux. */
function sampleOf(pid: number): Sample {
  const [, resident] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return { residentKib: Number(resident), descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

const most = (samples: readonly Sample[], of: keyof Sample): number => Math.max(...samples.map((sample) => sample[of]));

test.runIf(process.platform === "linux")(
  "under a steady load, a worker and a consumer need no more memory and files at the end than at the start",
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), "probe-run-soak-"));
    const server = await listen((socket) => void socket.on("error", () => socket.destroy()).end("ready\r\n"));
    const queue = await openQueue(`sqlite:${join(cwd, ".probe-run/queue.db")}`);
    const programs = [new Program(["work", "--concurrency", "8"], { cwd }), new Program(["consume"], { cwd })];
    const samples: Sample[][] = programs.map(() => []);
    let enqueued = 0;
    try {
      for (const end = Date.now() + SOAK_MS; Date.now() < end; await sleep(SAMPLE_MS)) {
        const { waiting } = await queue.jobs.counts();
        // A steady load without a growing backlog: the next batch follows when the last one is done.
        if (waiting === 0) {
          await Promise.all(Array.from({ length: BATCH }, () => queue.enqueue("network.tcp", { target_host: "127.0.0.1", target_port: server.port })));
          enqueued += BATCH;
        }
        for (const [index, { pid }] of programs.entries()) samples[index]?.push(sampleOf(pid));
      }
      for (const each of samples) {
        // The first samples are from starting programs.
        const [early, late] = [each.slice(each.length / 4, each.length / 2), each.slice((each.length * 3) / 4)];
        expect(most(late, "residentKib")).toBeLessThan(most(early, "residentKib") + ROOM_KIB);
        expect(most(late, "descriptors")).toBeLessThan(most(early, "descriptors") + ROOM_DESCRIPTORS);
      }
      expect(enqueued).toBeGreaterThan(BATCH);
      expect(await queue.jobs.deadLetters(1)).toEqual([]);
    } finally {
      for (const program of programs) program.kill("SIGTERM");
      await Promise.all(programs.map(({ ended }) => ended));
      await queue.close();
      await server.close();
      rmSync(cwd, { recursive: true });
    }
  },
  SOAK_MS + 120_000,
);
