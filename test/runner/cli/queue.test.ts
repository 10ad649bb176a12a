import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Channel } from "../../../runner/queue/backend.js";
import { openQueue } from "../../../runner/queue/queue.js";
import { signature } from "../../../runner/queue/webhook/headers.js";
import { probeRun } from "./command-line.js";

let cwd: string;
let url: string;
const closed = JSON.stringify({ target_host: "127.0.0.1", target_port: 1 });

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "probe-run-queue-cli-"));
  url = `sqlite:${join(cwd, "queue.db")}`;
});

afterEach(() => rm(cwd, { recursive: true }));

const queue = (...argv: string[]) => probeRun([...argv, `--queue=${url}`], { cwd });
const enqueue = (stdin: string, ...more: string[]) => probeRun(["enqueue", "network.smtp", "-", "--queue", url, ...more], { cwd, stdin });
const stats = async () => JSON.parse((await queue("queue", "stats", "--json")).out) as Record<"jobs" | "results", Record<string, number | boolean>>;

describe("enqueue", () => {
  test("one job per line, from stdin or a file, and the counts", async () => {
    expect(await enqueue(`${closed}\n\n${closed}`)).toEqual({ code: 0, out: "2 accepted\n", err: "" });
    await writeFile(join(cwd, "inputs.jsonl"), `${closed}\n${closed}\n${closed}\n`);
    expect(await probeRun(["enqueue", "network.smtp", "inputs.jsonl", "--queue", url, "--json"], { cwd })).toMatchObject({
      out: '{"accepted":3,"duplicate":0,"refused":0}\n',
    });
    expect((await stats()).jobs).toMatchObject({ waiting: 5 });
  });

  test("an invalid line is reported with its number and the violations of a run; the others are stored", async () => {
    const { code, out, err } = await enqueue(`${closed}\n{"target_hots":"x"}\n{broken\n${closed}\n`);
    expect({ code, out }).toEqual({ code: 2, out: "2 accepted, 2 invalid\n" });
    expect(err).toContain("probe-run: stdin, line 2: the input does not fit network.smtp@2.0.0\n");
    expect(err).toContain("did you mean target_host?");
    expect(err).toContain("probe-run: stdin, line 3: it is not JSON\n  column 2: expected a field name");
  });

  test("a secret in plain text is rejected, and appears nowhere", async () => {
    const { code, out, err } = await enqueue(JSON.stringify({ target_host: "mx.example.org", auth: { username: "ann", password: "correct horse" } }));
    expect({ code, out }).toEqual({ code: 2, out: "0 accepted, 1 invalid\n" });
    expect(err).toContain("/auth/password");
    expect(err).not.toContain("correct horse");
    expect((await readFile(join(cwd, "queue.db"))).includes("correct horse")).toBe(false);
  });

  test("--batch repeated adds nothing, and --ids prints the stored ids", async () => {
    expect((await enqueue(`${closed}\n${closed}\n`, "--batch", "monday", "--ids")).out).toBe("monday:1\nmonday:2\n");
    expect((await enqueue(`${closed}\n${closed}\n${closed}\n`, "--batch", "monday")).out).toBe("1 accepted, 2 duplicates\n");
  });

  test("--key accepts a nested field of the input", async () => {
    await enqueue(JSON.stringify({ target_host: "MX.Example.org", tls: { mode: "none" } }), "--key", "target_host");
    const opened = await openQueue(url);
    const [job] = await opened.jobs.claim({ max: 1, leaseMs: 1000, waitMs: 100, limits: { all: null, eachKey: null, keys: {} } });
    expect(job?.key).toBe("mx.example.org");
    await opened.close();
  });

  test.each([
    [["enqueue", "network.smtp"], "missing argument: <inputs | ->"],
    [["enqueue"], "missing argument: <probe>"],
    [["enqueue", "network.smpt", "-"], "did you mean network.smtp"],
    [["enqueue", "network.smtp", "nowhere.jsonl"], 'there is no file "nowhere.jsonl"'],
    [["enqueue", "network.smtp", "-", "--priority", "10"], "--priority must be a whole number from 0 to 9"],
    [["enqueue", "network.smtp", "-", "--queue", "carrier-pigeon:x"], "unsupported queue URL"],
    [["work", "--limit", "lots"], "is no limit"],
    [["work", "--listen", "here"], "--listen requires HOST:PORT"],
    [["consume", "--exec", "cat", "--post", "http://x"], "cannot be combined"],
    [["consume", "--exec", "echo 'half"], "an unclosed quote"],
    [["consume", "--exec", "no-such-program"], 'there is no program "no-such-program" that can be started'],
    [["consume", "--exec", "./"], "that can be started"],
    [["consume", "--post", "ftp://x"], "begins with http"],
    [["queue", "frobnicate"], "use one of stats, dead"],
    [["queue", "purge"], "usage: probe-run queue purge <dead | done | waiting>"],
    [["queue", "purge", "leased"], 'there is no state "leased" to purge'],
    [["queue", "stats", "--results"], "queue stats does not take --results"],
    [["queue", "stat"], "did you mean stats?"],
    [["queue"], "missing argument: a subcommand"],
  ])("%j is rejected", async (argv, message) => {
    const { code, out, err } = await probeRun(argv, { cwd });
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
  });
});

describe("work and consume", () => {
  test.each([["work"], ["consume"], ["work", "--processes", "2"]])("%s --drain of a queue that is not there creates none", async (...words) => {
    const { code, out, err } = await queue(...words, "--drain");
    expect({ code, out, err }).toEqual({ code: 3, out: "", err: expect.stringMatching(/^probe-run: could not run: there is no queue at .*: check the path/) });
    expect(existsSync(join(cwd, "queue.db"))).toBe(false);
  });

  test("in a pipe: one summary on stderr, and the events on stdout", async () => {
    await enqueue(`${closed}\n`.repeat(20), "--batch", "b");
    const worked = await queue("work", "--drain", "--concurrency", "4", "--limit", "2");
    expect(worked).toEqual({ code: 0, out: "", err: expect.stringMatching(/^20 jobs in [\d.]+ s \([\d.]+\/s\); 20 error; p50 [\d.,]+ ms; p99 [\d.,]+ ms\n$/) });
    const consumed = await queue("consume", "--drain");
    const ids = consumed.out
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect(new Set(ids)).toEqual(new Set(Array.from({ length: 20 }, (_, index) => `b:${index + 1}:result`)));
    expect(consumed).toMatchObject({ code: 0, err: "20 events delivered\n" });
    expect((await stats()).results).toMatchObject({ waiting: 0, leased: 0, done: 20 });
  });

  test("on a terminal: a live line", async () => {
    await enqueue(`${closed}\n`.repeat(5), "--delay", "700");
    const { err } = await probeRun(["work", "--drain", "--queue", url], { cwd, tty: true, columns: 200 });
    expect(err).toContain("\r\u001b[K0 done  0.0/s  0 in flight");
    expect(err).toContain("\r\u001b[K5 jobs in");
  });

  test("results can be stored elsewhere", async () => {
    await enqueue(closed, "--batch", "b");
    const elsewhere = `sqlite:${join(cwd, "results.db")}`;
    await queue("work", "--drain", "--results", elsewhere);
    expect((await stats()).results).toMatchObject({ waiting: 0 });
    expect((await probeRun(["consume", "--drain", "--queue", elsewhere], { cwd })).out).toContain('"id":"b:1:result"');
  });

  test("--exec: exit code 0 accepts; otherwise the event is retried and becomes a dead letter", async () => {
    await push("a");
    const script = join(cwd, "take.sh");
    await writeFile(script, `cat >> "${join(cwd, "taken")}"; test "$(grep -c . "${join(cwd, "taken")}")" -ge 2`);
    const taken = await queue("consume", "--drain", "--exec", `sh "${script}"`, "--backoff", "10");
    expect(taken).toMatchObject({ code: 1, err: "probe-run: a was not accepted: sh exited with 1\n1 event delivered, 1 failed attempt\n" });
    expect((await readFile(join(cwd, "taken"), "utf8")).trimEnd().split("\n")).toHaveLength(2);
    await push("b");
    expect(await queue("consume", "--drain", "--exec", "false", "--attempts", "2", "--backoff", "10")).toMatchObject({ code: 1 });
    const { out } = await queue("queue", "dead", "--results", "--json");
    expect(JSON.parse(out)).toMatchObject([{ id: "b", attempts: 2, failure: { reason: "consumer_error", message: "false exited with 1" } }]);
  });

  test("--post: a 2xx response accepts a CloudEvent", async () => {
    await push("a", "b");
    const posted: { type: string | undefined; body: string }[] = [];
    let status = 503;
    const server = await served((type, body) => {
      posted.push({ type, body });
      status = posted.length > 1 ? 204 : 503;
      return status;
    });
    const { code, err } = await queue("consume", "--drain", "--post", `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, "--backoff", "10");
    server.close();
    expect({ code, err }).toEqual({ code: 1, err: "probe-run: a was not accepted: HTTP 503\n2 events delivered, 1 failed attempt\n" });
    expect(posted.map(({ body }) => (JSON.parse(body) as { id: string }).id).sort()).toEqual(["a", "a", "b"]);
    expect(posted[0]?.type).toBe("application/cloudevents+json");
  });

  test.each([
    ["$PROBE_RUN_WEBHOOK_SECRET", "", { PROBE_RUN_WEBHOOK_SECRET: "correct-horse" }],
    ["a reference", "#secret=env:PROBE_RUN_TEST_SECRET", {}],
  ])("--post: signed as a webhook is, with %s", async (_title, fragment, env) => {
    vi.stubEnv("PROBE_RUN_TEST_SECRET", "correct-horse");
    await push("a");
    const genuine: boolean[] = [];
    const server = await served((_, body, headers) => {
      genuine.push(headers["probe-run-signature"] === signature(["correct-horse"], Number(headers["probe-run-timestamp"]), body));
      return 204;
    });
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x${fragment}`;
    expect(await probeRun(["consume", "--drain", "--post", address, "--queue", url], { cwd, env })).toMatchObject({ code: 0 });
    server.close();
    vi.unstubAllEnvs();
    expect(genuine).toEqual([true]);
  });
});

describe("queue", () => {
  test("counts, pauses, retries and purges", async () => {
    await enqueue(`${closed}\n${closed}\n`);
    expect((await queue("queue", "stats")).out).toBe(
      "         WAITING  DELAYED  LEASED  DEAD  DONE  PAUSED\njobs     2        0        0       0     0     no\nresults  0        0        0       0     0     no\n",
    );
    expect((await queue("queue", "pause")).out).toBe("paused\n");
    expect((await stats()).jobs).toMatchObject({ isPaused: true });
    expect((await queue("queue", "resume", "--json")).out).toBe('{"paused":false}\n');
    const opened = await openQueue(url);
    await opened.jobs.push([{ id: "poison", body: "not JSON", key: null, priority: 9, delayMs: 0 }]);
    await opened.close();
    await queue("work", "--drain");
    expect((await queue("queue", "dead")).out).toMatch(
      /^ID {6}ATTEMPTS {2}DIED +REASON +LAST FAILURE\npoison {2}1 +[\dT:.Z-]+ {2}poisoned {2}it is not JSON\n$/,
    );
    expect((await queue("queue", "retry", "poison")).out).toBe("1 retried\n");
    expect((await queue("queue", "purge", "waiting", "--json")).out).toBe('{"purged":1}\n');
    expect((await queue("queue", "dead")).out).toBe("no dead letters\n");
  });

  test("inspecting a missing queue creates none", async () => {
    const { code, err } = await queue("queue", "stats");
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining("there is no queue at") });
    await expect(readFile(join(cwd, "queue.db"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("run --queue", () => {
  test("prints the envelope, and stores its queue side", async () => {
    const { code, out, err } = await probeRun(["network.smtp", "-", "--compact", "--queue", url], { cwd, stdin: closed });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const event = JSON.parse((await queue("consume", "--drain")).out) as { subject: string; data: unknown };
    expect(event).toMatchObject({ type: "probe-run.result", subject: "network.smtp@2.0.0", data: (JSON.parse(out) as { queue: unknown }).queue });
    expect(event).not.toHaveProperty("jobid");
  });

  test("an array stores an event for each run, in the queue from the environment", async () => {
    await probeRun(["network.smtp", "-", "--compact", "--queue"], { cwd, stdin: `[${closed},${closed}]`, env: { PROBE_RUN_QUEUE: url } });
    expect((await stats()).results).toMatchObject({ waiting: 2 });
  });

  test("a queue that cannot be opened stops it before anything is sent", async () => {
    const { code, out, err } = await probeRun(["network.smtp", "-", "--queue", `sqlite:${cwd}/no/such/queue.db`], { cwd, stdin: closed });
    expect({ code, out, err }).toEqual({ code: 3, out: "", err: expect.stringContaining("cannot be created") });
  });
});

async function push(...ids: string[]): Promise<void> {
  const opened = await openQueue(url);
  const event = (id: string) => JSON.stringify({ specversion: "1.0", id, source: "test", type: "probe-run.result", data: {} });
  await (opened.results as Channel).push(ids.map((id) => ({ id, body: event(id), key: null, priority: 0, delayMs: 0 })));
  await opened.close();
}

async function served(answer: (type: string | undefined, body: string, headers: IncomingHttpHeaders) => number): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => response.writeHead(answer(request.headers["content-type"], body, request.headers)).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
