import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HttpServing, serveHttp } from "../../../../runner/net/http/serve.js";

const MOST = 40;
const TEXT = "x".repeat(1024 * 1024);
let server: HttpServing;
let port: number;
let answered: number;
const clients: Socket[] = [];

beforeEach(async () => {
  answered = 0;
  const answer = async (path: string) => {
    answered += 1;
    return { status: 200, text: path === "/metrics" ? TEXT : "ready\n" };
  };
  server = await serveHttp({ host: "127.0.0.1", port: 0 }, answer, { mostConnections: MOST });
  port = Number(new URL(server.address).port);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
});

async function slowClient(text: string): Promise<Socket> {
  const client = connect({ host: "127.0.0.1", port });
  client.on("error", () => undefined).pause();
  clients.push(client);
  await once(client, "connect");
  client.write(text);
  return client;
}

test("clients that send half a request, or do not read the answer, do not keep others waiting", async () => {
  for (let index = 0; index < 2 * MOST; index++)
    await slowClient(index % 2 === 0 ? "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: " : "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const began = performance.now();
  const answer = await fetch(`${server.address}/readyz`);
  expect([answer.status, await answer.text()]).toEqual([200, "ready\n"]);
  expect((await (await fetch(`${server.address}/metrics`)).text()).length).toBe(TEXT.length);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("clients that send nothing hold no more than the bounded number of connections, and the newest client is answered", async () => {
  for (let index = 0; index < 10 * MOST; index++) await slowClient(index % 2 === 0 ? "" : "GET /metr");
  // A destroyed connection is seen by its client when it reads.
  for (const client of clients) client.resume();
  await expect.poll(() => clients.filter((client) => !client.destroyed && client.readyState === "open").length, { timeout: 10_000 }).toBeLessThanOrEqual(MOST);
  expect(await (await fetch(`${server.address}/readyz`)).text()).toBe("ready\n");
});

test("pipelined requests beyond a bound are not answered", async () => {
  const client = await slowClient("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(5000));
  client.resume();
  await once(client, "close");
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(500);
});

test("a client that does not read its answer is cut off", { timeout: 40_000 }, async () => {
  const client = await slowClient("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20));
  await expect.poll(() => answered, { timeout: 5000 }).toBeGreaterThan(0);
  // Once the server is gone, what it sent ends before the last answer does.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  let length = 0;
  client.on("data", (chunk) => {
    length += chunk.length;
  });
  client.resume();
  await once(client, "close");
  expect(length).toBeLessThan(20 * TEXT.length);
});
