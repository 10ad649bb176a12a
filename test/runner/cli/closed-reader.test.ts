import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI } from "./command-line.js";

/** Far more than the pipe between the two programs holds. */
const INPUTS = 20_000;

let folder: string;
let list: string;
/** Counts how many of the inputs were run. */
let server: Server;
let connections = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-reader-"));
  server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined).end("220 ready\r\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  list = join(folder, "inputs.jsonl");
  const { port } = server.address() as { port: number };
  writeFileSync(list, `${JSON.stringify({ target_host: "127.0.0.1", target_port: port })}\n`.repeat(INPUTS));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test.each(["--compact", "--format=jsonl", "--format=tap", "--compact --processes=2"])(
  "`| head -n 1` ends a list of 20,000 inputs with 141 and no message: %s",
  { timeout: 60_000 },
  async (options) => {
    const before = connections;
    const mark = randomUUID();
    const line = 'set -o pipefail; "$@" | head -n 1';
    const shell = spawn("bash", ["-c", line, "bash", process.execPath, CLI, "network.tcp", list, ...options.split(" ")], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PROBE_RUN_TEST_MARK: mark },
    });
    const [[code], out, err] = await Promise.all([once(shell, "close"), text(shell.stdout), text(shell.stderr)]);
    expect({ code, err, lines: out.trimEnd().split("\n").length }).toEqual({ code: 141, err: "", lines: 1 });
    expect(connections - before).toBeLessThan(INPUTS / 10);
    await expect.poll(() => processesWith(mark), { timeout: 10_000 }).toEqual([]);
  },
);

/** Of a text in their environment, as children inherit it. */
function processesWith(mark: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(mark));
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}
