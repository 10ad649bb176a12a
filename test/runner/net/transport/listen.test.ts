import { expect, test } from "vitest";
import { listen } from "../../../../runner/net/transport/listen.js";

test("no server has the port of an earlier one of this process, whose answers may be cached", async () => {
  const ports: number[] = [];
  for (let count = 0; count < 1000; count++) {
    const server = await listen((socket) => socket.end());
    ports.push(server.port);
    await server.close();
  }
  expect(new Set(ports).size).toBe(ports.length);
});

test("a given port may be used again", async () => {
  const first = await listen((socket) => socket.end());
  await first.close();
  const second = await listen((socket) => socket.end(), { port: first.port });
  expect(second.port).toBe(first.port);
  await second.close();
});
