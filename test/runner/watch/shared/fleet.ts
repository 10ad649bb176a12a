import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { startHttpServer } from "../../../../runner/lab/http-server.js";
import { CLI } from "../../cli/command-line.js";
import { SECRET } from "../watching.js";

export interface Program {
  readonly child: ChildProcess;
  text(): string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/** A watch or a worker as a program of its own. */
export function start(words: readonly string[], cwd: string, more: Readonly<Record<string, string>> = {}): Program {
  const env = { ...process.env, ...more, PROBE_RUN_WEBHOOK_SECRET: SECRET };
  const child = spawn(process.execPath, [CLI, ...words], { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  };
  return { child, text: () => text, kill };
}

export async function startWatch(words: readonly string[], cwd: string): Promise<Program> {
  const watch = start(["watch", "checks.yaml", ...words], cwd);
  await expect.poll(() => watch.text(), { timeout: 30_000 }).toContain("watching");
  return watch;
}

/** Workers that name their place to the server that they ask, as a token. */
export function startWorker(url: string, place: string | null, cwd: string, allowed = "127.0.0.0/8"): Program {
  const at = place === null ? [] : ["--location", place];
  const words = ["work", "--queue", url, ...at, "--allow-target", allowed, "--allow-secret", "env:PLACE", "--lease", "2000"];
  return start(words, cwd, { PLACE: `token-of-${place ?? "nowhere"}` });
}

/** A site whose pages can be down for some places: `/1@fra`, or `/1` for all. */
export async function startPlaces() {
  const down = new Set<string>();
  const server = await startHttpServer((path, { headers }) => {
    const place = String(headers.authorization).replace("Bearer token-of-", "");
    return down.has(path) || down.has(`${path}@${place}`) ? { status: 503 } : { body: "ok\n" };
  });
  return { origin: server.origin, down, close: () => server.close() };
}

export function suiteOf(origin: string, checks: number, watch: string): string {
  const lines = Array.from(
    { length: checks },
    (_, index) =>
      `  - { probe: webapp.http, name: c${index}, input: { url: "${origin}/${index}", auth: { token: { secret: "env:PLACE" } }, timeout_ms: 2000 } }`,
  );
  return `name: places\nwatch: { every: 1s, ${watch} }\nchecks:\n${lines.join("\n")}\n`;
}
