import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { postHandler } from "../../../runner/cli/consume/post.js";

const consumed = { body: "{}", signal: new AbortController().signal } as Parameters<Awaited<ReturnType<typeof postHandler>>>[0];

test("user and password of --post become a header, and are in no error", async () => {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.statusCode = 204;
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const handOn = await postHandler(`http://us%40er:pa%3Ass%zz@127.0.0.1:${port}/in?token=abc`, 5000, {});
  expect(await handOn(consumed)).toBeNull();
  expect(requests[0]?.url).toBe("/in?token=abc");
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from("us@er:pa%3Ass%zz").toString("base64")}`);
  server.close();
  server.closeAllConnections();
  await once(server, "close");
  const why = await handOn(consumed);
  expect(why).not.toBeNull();
  expect(why).not.toMatch(/pa%3Ass|pa:ss|token|abc/);
});
