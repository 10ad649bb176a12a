import { afterEach, expect, test } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { askServers } from "../../../runner/net/dns/ask-servers.js";
import { parseServer } from "../../../runner/net/dns/server-address.js";
import { type AcceptedSocket, listen } from "../../../runner/net/transport/listen.js";
import { testRun } from "../../support/smtp-context.js";

// A process that is held up finds its timers due first, and only then what its peers sent in time.

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const TIMEOUT_MS = 250;

function holdUp(): void {
  for (const until = performance.now() + 1.4 * TIMEOUT_MS; performance.now() < until; );
}

async function connected(serve: (socket: AcceptedSocket) => void) {
  const listener = await listen(serve);
  open.push(listener);
  const run = testRun();
  const target = { host: "127.0.0.1", port: listener.port, address_family: "any", connect_timeout_ms: TIMEOUT_MS } as const;
  const connecting = run.context.tcp.connect(target);
  return { run, connecting };
}

test("a connection that the peer took in time is no timeout", async () => {
  const { run, connecting } = await connected(() => undefined);
  holdUp();
  const connection = await connecting;
  expect(connection.remoteAddress).toBe("127.0.0.1");
  connection.close();
  run.state.deadline.release();
});

test("a reply that came in time is no timeout, and the connection can be used on", async () => {
  const sockets: AcceptedSocket[] = [];
  const { run, connecting } = await connected((socket) => void sockets.push(socket));
  const connection = await connecting;
  await expect.poll(() => sockets.length).toBe(1);
  const heard: string[] = [];
  connection.readBy({
    received(text) {
      heard.push(text);
      connection.waitNoMore();
    },
    broken: ({ code }) => void heard.push(code),
  });
  connection.waitAtMost(TIMEOUT_MS);
  sockets[0]?.write("250 ok");
  holdUp();
  await expect.poll(() => heard).toEqual(["250 ok"]);
  expect(connection.isWritable).toBe(true);
  // One that does not come is one.
  connection.waitAtMost(TIMEOUT_MS);
  await expect.poll(() => heard).toEqual(["250 ok", "timeout"]);
  run.state.deadline.release();
});

test("an answer of a name server that came in time is no timeout", async () => {
  const zone = "$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\nmx A 127.0.0.1\n";
  const server = await startDnsServer({
    zones: [zone],
    behave: () => {
      // The reply leaves before the process goes on to its timers.
      setImmediate(holdUp);
      return {};
    },
  });
  open.push(server);
  const answer = await new Promise<{ outcome: string }>((resolve) => {
    const timeouts = { tryTimeoutMs: TIMEOUT_MS, timeoutMs: TIMEOUT_MS, tries: 1 };
    askServers(server.servers.map(parseServer), { name: "mx.example", type: "A" }, timeouts, resolve);
  });
  expect(answer.outcome).toBe("found");
});
