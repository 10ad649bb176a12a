import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type SingleRequest, sendSingle } from "../../../../runner/net/http/single-request.js";
import type { FailureError } from "../../../../runner/run/failure-error.js";

const open: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of open.splice(0)) server.close();
});

/** A server that sends these bytes as soon as a request has begun; what it received is collected. */
async function peer(answer: string | null): Promise<{ url: string; received: () => string; ended: Promise<void> }> {
  let received = "";
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once("data", () => answer !== null && socket.write(answer));
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
    });
    socket.on("close", end).on("error", () => undefined);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/in?a=b`, received: () => received, ended };
}

const post = (url: string, more: Partial<SingleRequest> = {}): SingleRequest => ({
  method: "POST",
  url,
  fields: [["X-One", "1"]],
  body: "the body",
  timeoutMs: 5000,
  maxBodyBytes: 0,
  ...more,
});

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: FailureError) => error.failure,
  );

describe("a request outside of a run", () => {
  test("is sent completely, and ends after the header, even if the body is slow", async () => {
    const server = await peer("HTTP/1.1 202 Accepted\r\nContent-Length: 1000000\r\n\r\nonly this much comes");
    const { head } = await sendSingle(post(server.url));
    expect(head?.status).toBe(202);
    await server.ended;
    expect(server.received()).toMatch(/^POST \/in\?a=b HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\ncontent-length: 8\r\nX-One: 1\r\n\r\nthe body$/);
  });

  test("reads as much of the body as requested", async () => {
    const { url } = await peer("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n12345678901234567890");
    const { body } = await sendSingle(post(url, { maxBodyBytes: 5 }));
    expect([body?.kept.toString(), body?.truncated]).toEqual(["12345", true]);
  });

  test("follows no redirect", async () => {
    const { url } = await peer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    expect((await sendSingle(post(url, { fields: [["Authorization", "Basic c2VjcmV0"]] }))).head?.status).toBe(302);
  });

  test("ends at its timeout, if it is cancelled, and if the peer closes", async () => {
    const silent = await peer(null);
    expect(await failureOf(sendSingle(post(silent.url, { timeoutMs: 60 })))).toMatchObject({ code: "timeout" });
    const stop = new AbortController();
    const cancelled = failureOf(sendSingle(post((await peer(null)).url, { signal: stop.signal })));
    stop.abort();
    expect(await cancelled).toMatchObject({ code: "cancelled" });
    expect(await failureOf(sendSingle(post("http://127.0.0.1:1/")))).toMatchObject({ phase: "connect", code: "refused" });
  });

  test.each(["a\r\nX-Two: 2", "a\u0000", " a"])("a field with control characters or spaces around it is not sent: %j", async (value) => {
    const server = await peer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect(await failureOf(sendSingle(post(server.url, { fields: [["X-One", value]] })))).toMatchObject({ phase: "request", code: "not_permitted" });
    expect(server.received()).toBe("");
  });
});
