import { readdirSync, readFileSync } from "node:fs";
import type { newest, Output } from "../../../probes/webapp.journey/schema.js";
import { type RunOptions, run } from "../../../runner/harness/run.js";
import { type HttpServer, listenHttp, type RequestHandler, type ServerOptions } from "../../../runner/net/http/listen.js";
import type { GivenOf } from "../../../schemas/contract.js";

export type Input = GivenOf<(typeof newest)["input"]>;

/** A browser takes seconds to start on a busy machine. */
export const TEST_TIMEOUT_MS = 120_000;

export async function walk(input: Input, options: RunOptions = {}): Promise<Output> {
  return (await run("webapp.journey", { settle_ms: 0, timeout_ms: 60_000, ...input }, options)).output as Output;
}

export type Pages = Readonly<Record<string, string | RequestHandler>>;

/** Serves pages by path; a text is an HTML page. */
export function startPages(pages: Pages, options: ServerOptions = {}): Promise<HttpServer> {
  return listenHttp((request, response) => {
    const page = pages[(request.url ?? "/").split("?")[0] as string];
    if (typeof page === "function") return page(request, response);
    request.resume();
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.statusCode = page === undefined ? 404 : 200;
    response.end(page ?? "nothing here");
  }, options);
}

export interface BrowserProcess {
  readonly pid: number;
  readonly uid: number;
  readonly words: string;
  readonly seccomp: number;
}

/** The processes of browsers that this process has started. */
export function browserProcesses(): BrowserProcess[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.flatMap((name) => {
    const words = read(name, "cmdline").replaceAll("\0", " ");
    if (!words.includes("chrom") || !descendsFromUs(Number(name))) return [];
    const status = read(name, "status");
    const field = (label: string): number => Number(new RegExp(`^${label}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? -1);
    return [{ pid: Number(name), uid: field("Uid"), seccomp: field("Seccomp"), words }];
  });
}

function descendsFromUs(pid: number): boolean {
  for (let at = pid; at > 1; ) {
    if (at === process.pid) return true;
    const stat = read(String(at), "stat");
    at = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
  }
  return false;
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}
