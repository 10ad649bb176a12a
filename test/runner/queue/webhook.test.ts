import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openBackend } from "../../../runner/queue/open-backend.js";
import { readWebhookUrl } from "../../../runner/queue/webhook/address.js";
import { openWebhook } from "../../../runner/queue/webhook/backend.js";
import { certificate } from "../../support/certificates.js";
import { CLOSED_PORT } from "../../support/free-ports.js";
import { message } from "./backend-contract.js";

const SECRET = "correct-horse";
const QUICK = { attempts: 4, firstMs: 5, mostMs: 20, mostRetryAfterMs: 2000 };

interface Received {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly path: string | undefined;
}

type Answer = number | ((response: ServerResponse) => void);

let server: Server;
let received: Received[];
let answers: Answer[];
let base: string;

beforeEach(async () => {
  vi.stubEnv("PROBE_RUN_WEBHOOK_SECRET", SECRET);
  received = [];
  answers = [];
  server = createServer(receive).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  received.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url });
  const answer = answers.shift() ?? 204;
  if (typeof answer === "function") answer(response);
  else response.writeHead(answer).end();
}

/** The function that docs/queues.md gives to receivers. */
async function documented(): Promise<(headers: IncomingMessage["headers"], body: string, secret: string) => boolean> {
  const docs = readFileSync(new URL("../../../docs/queues.md", import.meta.url), "utf8");
  const code = /```js\n(import \{ createHmac.*?)```/s.exec(docs)?.[1];
  const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(`${code}\nexport { isGenuine };`)}`);
  return isGenuine;
}

const isGenuine = await documented();

async function push(url: string, ids: readonly string[] = ["a"]): Promise<void> {
  const backend = await openWebhook(url, QUICK);
  try {
    await backend.results.push(ids.map((id) => message(id)));
  } finally {
    await backend.close();
  }
}

describe("a request", () => {
  test("is the event itself, signed over the time and the body", async () => {
    const backend = await openBackend(`${base}/hook?for=mail`);
    expect(await backend.results.push([message("a"), message("b")])).toEqual(["accepted", "accepted"]);
    await backend.close();
    expect(received.map(({ body }) => body).sort()).toEqual([message("a").body, message("b").body]);
    const [{ headers, body, path }] = received as [Received];
    expect(path).toBe("/hook?for=mail");
    expect(headers["content-type"]).toBe("application/cloudevents+json");
    expect(isGenuine(headers, body, SECRET)).toBe(true);
    expect(isGenuine(headers, `${body} `, SECRET)).toBe(false);
    expect(isGenuine({ ...headers, "probe-run-timestamp": String(Number(headers["probe-run-timestamp"]) + 1) }, body, SECRET)).toBe(false);
    expect(isGenuine(headers, body, "another")).toBe(false);
    expect(isGenuine({ ...headers, "probe-run-timestamp": undefined }, body, SECRET)).toBe(false);
  });

  test("with two secrets has both signatures", async () => {
    vi.stubEnv("OLD_SECRET", "old-secret").stubEnv("NEW_SECRET", "new-secret");
    await push(`${base}/#secret=env:OLD_SECRET&secret=env:NEW_SECRET`);
    const [{ headers, body, path }] = received as [Received];
    expect([isGenuine(headers, body, "old-secret"), isGenuine(headers, body, "new-secret"), isGenuine(headers, body, SECRET)]).toEqual([true, true, false]);
    expect(path).toBe("/");
  });

  test("has the credentials of the URL", async () => {
    await push(base.replace("//", "//ann:b%20c@"));
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from("ann:b c").toString("base64")}`);
  });
});

describe("a response", () => {
  test.each([408, 429, 500, 502, 503])("%i is retried with a new signature", async (status) => {
    answers = [status, status];
    await push(base);
    expect(received).toHaveLength(3);
    expect(received.every(({ headers, body }) => isGenuine(headers, body, SECRET))).toBe(true);
  });

  test("429 with Retry-After is retried after that time", async () => {
    answers = [(response) => response.writeHead(429, { "retry-after": "1" }).end()];
    const began = performance.now();
    await push(base);
    expect(performance.now() - began).toBeGreaterThan(990);
    expect(received).toHaveLength(2);
  });

  test("a long Retry-After is reported, and not waited for", async () => {
    answers = [(response) => response.writeHead(429, { "retry-after": new Date(Date.now() + 3_600_000).toUTCString() }).end()];
    await expect(push(base)).rejects.toMatchObject({ name: "QueueError", code: "busy" });
    expect(received).toHaveLength(1);
  });

  test.each([400, 401, 404, 410, 413, 422])("%i is final", async (status) => {
    answers = [status];
    await expect(push(`${base}/hook?token=t0ps3cret`)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining(`${base}/hook answered ${status}`),
    });
    expect(received).toHaveLength(1);
  });

  test("a redirect is not followed", async () => {
    answers = [(response) => response.writeHead(307, { location: `${base}/elsewhere` }).end()];
    await expect(push(base)).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("redirect") });
    expect(received).toHaveLength(1);
  });

  test("a timeout or a lost connection is retried, and reported if it persists", async () => {
    answers = [() => undefined, (response) => response.destroy()];
    await push(`${base}/#timeout_ms=80`);
    expect(received).toHaveLength(3);
    answers = Array.from({ length: 4 }, () => () => undefined);
    await expect(push(`${base}/#timeout_ms=30`)).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("30 ms") });
    await expect(push(`http://127.0.0.1:${CLOSED_PORT}/`)).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("ECONNREFUSED") });
  });

  test("one refused message fails the push, but the others are delivered", async () => {
    answers = [422];
    await expect(push(base, ["a", "b", "c"])).rejects.toMatchObject({ code: "refused" });
    expect(received).toHaveLength(3);
  });

  test("an untrusted certificate is final", async () => {
    const { key, certificate: cert } = certificate("self-signed");
    const secure = createSecureServer({ key, cert }, receive).listen(0, "127.0.0.1");
    await once(secure, "listening");
    await expect(push(`https://127.0.0.1:${(secure.address() as AddressInfo).port}/`)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("certificate"),
    });
    expect(received).toHaveLength(0);
    secure.close();
  });
});

test("closing ends waiting requests", async () => {
  answers = Array.from({ length: 50 }, () => 503);
  const backend = await openWebhook(base, { ...QUICK, firstMs: 60_000, mostMs: 60_000 });
  const pushed = backend.results.push([message("a")]);
  setTimeout(() => void backend.close(), 50);
  await expect(pushed).rejects.toMatchObject({ code: "closed" });
});

describe("a URL", () => {
  test.each([
    ["ftp://127.0.0.1/", "is not HTTP"],
    ["http://mx.example.org/hook", "https:"],
    ["https://mx.example.org/#secret=plain", "reference"],
    ["https://mx.example.org/#secrets=env:A", "secrets"],
    ["https://mx.example.org/#timeout_ms=0", "timeout_ms"],
  ])("%s is rejected", async (url, part) => {
    await expect(readWebhookUrl(url)).rejects.toMatchObject({ code: "usage" });
    expect(JSON.stringify(await readWebhookUrl(url).catch((error: unknown) => error))).toContain(part);
  });

  test("without a secret needs #unsigned=true", async () => {
    vi.stubEnv("PROBE_RUN_WEBHOOK_SECRET", undefined);
    await expect(readWebhookUrl("https://mx.example.org/")).rejects.toMatchObject({ code: "usage" });
    expect((await readWebhookUrl("https://mx.example.org/#unsigned=true")).secrets).toEqual([]);
    await expect(readWebhookUrl("https://mx.example.org/#secret=env:PROBE_RUN_NO_SUCH")).rejects.toMatchObject({ code: "unresolved_secret" });
  });

  test("is shown without its secrets", async () => {
    expect((await readWebhookUrl("https://ann:pass@mx.example.org/hook?token=x#unsigned=true")).shown).toBe("https://mx.example.org/hook");
    expect((await readWebhookUrl("http://mx.example.org/#plaintext=true")).url).toBe("http://mx.example.org/");
  });
});
