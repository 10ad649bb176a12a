import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtInNames, type LoadedProbe, loadProbe } from "../../../runner/harness/registry.js";
import type { DeadLetter } from "../../../runner/queue/backend.js";
import { consume } from "../../../runner/queue/consume.js";
import { createWorker } from "../../../runner/queue/create-worker.js";
import { plainSecrets } from "../../../runner/queue/plain-secrets.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { exampleInput, type Schema, schemaOf } from "../../conformance/schemas.js";

/** Ways to write the address of this machine. */
const HOSTS = ["127.0.0.1", "localhost", "::ffff:127.0.0.1", "2130706433"];
/** Fields in which an input names what to connect to. */
const FIELDS = ["target_host", "host", "url"] as const;

export interface Dialling {
  readonly name: string;
  readonly loaded: LoadedProbe;
  readonly field: (typeof FIELDS)[number];
  readonly schema: Schema;
}

/** The built-in probes whose input names what to connect to. */
export async function diallingProbes(): Promise<Dialling[]> {
  const all = await Promise.all(builtInNames().map((name) => loadProbe(name)));
  return all.flatMap((loaded) => {
    const { probe, versions } = loaded;
    const schema = schemaOf(probe, versions[0] as string, "input");
    const field = FIELDS.find((name) => name in (schema.properties ?? {}));
    return field === undefined ? [] : [{ name: probe.name, loaded, field, schema }];
  });
}

/** A job of each probe for a port of this machine, in a worker that denies private addresses. */
export function testDenied(dialling: readonly Dialling[]): void {
  let folder: string;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined).destroy();
  });
  let port: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "probe-run-denied-"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  test.each(dialling)("$name connects to no private address in a job of a worker that denies them", { timeout: 180_000 }, async (probe) => {
    const queue = await openQueue(`sqlite:${join(folder, `${probe.name}.db`)}`);
    try {
      const before = connections;
      for (const host of HOSTS) await queue.enqueue(probe.name, withReferences(probe.loaded, inputFor(probe, host, port)), { id: host, maxAttempts: 1 });
      await (await createWorker(queue, { drain: true, denyPrivate: true })).run();
      const deadLetters = await queue.jobs.deadLetters(10);
      const endings = deadLetters.map(({ id, failure: { reason } }) => [id, reason]).sort();
      expect(endings, await outcomesOf(queue, deadLetters)).toEqual(HOSTS.map((host) => [host, "refused"]).sort());
      expect(deadLetters[0]?.failure.message).toContain("is not a public address");
      expect(connections).toBe(before);
    } finally {
      await queue.close();
    }
  });
}

/** What became of every job, for the reader of a failure: one that was not refused has a result, or died of something else. */
async function outcomesOf(queue: Queue, deadLetters: readonly DeadLetter[]): Promise<string> {
  const results: unknown[] = [];
  for await (const { body, ack } of consume(queue, { drain: true })) {
    results.push(JSON.parse(body));
    await ack();
  }
  const counts = await queue.jobs.counts();
  return JSON.stringify({ counts, deadLetters: deadLetters.map(({ id, failure }) => ({ id, failure })), results }, null, 1);
}

function inputFor({ field, schema }: Dialling, host: string, port: number): object {
  const { properties = {} } = schema;
  const written = field === "url" ? `http://${host.includes(":") ? `[${host}]` : host}:${port}/` : host;
  const ports = Object.fromEntries(["target_port", "port"].filter((each) => each in properties).map((each) => [each, port]));
  // A browser takes seconds to start on a busy machine.
  const timeouts = Object.fromEntries(["step_timeout_ms", "timeout_ms"].filter((name) => name in properties).map((name) => [name, 120_000]));
  return { ...exampleInput(schema), ...ports, ...timeouts, [field]: written };
}

/** A job must not hold secrets in plain text. */
function withReferences(loaded: LoadedProbe, input: object): object {
  const changed = structuredClone(input);
  for (const { pointer } of plainSecrets(loaded, loaded.versions[0] as string, input)) {
    const steps = pointer.split("/").slice(1);
    const holder = steps.slice(0, -1).reduce((node, step) => node[step] as Record<string, unknown>, changed as Record<string, unknown>);
    holder[steps.at(-1) as string] = { secret: "env:PATH" };
  }
  return changed;
}
