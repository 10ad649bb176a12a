import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { testRun } from "../../../support/smtp-context.js";

const BYTES = 2 * 1024 * 1024;

test("a peer that says more than is worked on is read no further, and read on once it is", async () => {
  const server = createServer((socket) => socket.on("error", () => {}).end(Buffer.alloc(BYTES, "a"))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const run = testRun();
  const connection = await run.context.tcp.connect({ host: "127.0.0.1", port, address_family: "any", connect_timeout_ms: 2000 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(connection.unreadBytes).toBeGreaterThan(0);
  expect(connection.unreadBytes).toBeLessThan(BYTES / 2);
  let received = 0;
  const end = await new Promise((resolve) => {
    connection.readBy({
      received(text) {
        received += text.length;
      },
      broken: ({ code }) => resolve(code),
    });
  });
  expect({ received, end }).toEqual({ received: BYTES, end: "closed" });
  server.close();
});
