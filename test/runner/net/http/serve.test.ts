import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { serveHttp } from "../../../../runner/net/http/serve.js";

test("clients that send half a request, or do not read the answer, do not keep others waiting", async () => {
  const text = "x".repeat(1024 * 1024);
  const server = await serveHttp({ host: "127.0.0.1", port: 0 }, async (path) => ({ status: 200, text: path === "/metrics" ? text : "ready\n" }));
  const port = Number(new URL(server.address).port);
  const clients: Socket[] = [];
  try {
    for (let index = 0; index < 60; index++) {
      const client = connect({ host: "127.0.0.1", port });
      client.on("error", () => undefined).pause();
      clients.push(client);
      await once(client, "connect");
      client.write(index % 2 === 0 ? "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: " : "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    const began = performance.now();
    const answer = await fetch(`${server.address}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, "ready\n"]);
    expect((await (await fetch(`${server.address}/metrics`)).text()).length).toBe(text.length);
    expect(performance.now() - began).toBeLessThan(10_000);
  } finally {
    for (const client of clients) client.destroy();
    server.close();
  }
});
