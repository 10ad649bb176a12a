import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.posture/schema.js";
import { run } from "../../../runner/harness/run.js";
import { startDnsServer } from "../../../runner/lab/dns-server.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const examined = async (input: object): Promise<Output> => (await run("mail.posture", input)).output as Output;

/** A mail server that answers everything, and knows how many clients it has at once. It greets late, so that they meet. */
async function startMailServer(): Promise<{ readonly port: number; readonly most: () => number; readonly all: () => number }> {
  let [now, most, all] = [0, 0, 0];
  const server = createServer((socket) => {
    all += 1;
    now += 1;
    most = Math.max(most, now);
    socket.on("close", () => {
      now -= 1;
    });
    socket.on("error", () => {});
    setTimeout(() => socket.write("220 mx.example ESMTP\r\n"), 50);
    socket.on("data", (bytes) => {
      const isQuit = bytes.toString("latin1").startsWith("QUIT");
      if (isQuit) {
        // Gone before the client can know it.
        now -= 1;
        socket.removeAllListeners("close");
        socket.end("221 bye\r\n");
      } else socket.write("250 mx.example\r\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(server);
  return { port: (server.address() as AddressInfo).port, most: () => most, all: () => all };
}

test("an address has at most four conversations, however many names and domains lead to it", async () => {
  const mail = await startMailServer();
  const hosts = [1, 2, 3, 4, 5, 6];
  const zone = [
    "$ORIGIN example.",
    "@ SOA ns hostmaster 1 3600 600 86400 60",
    ...hosts.map((host) => `mx${host} A 127.0.0.1`),
    ...["a", "b", "c"].flatMap((domain) => hosts.map((host) => `${domain} MX ${host} mx${host}.example.`)),
  ];
  const names = await startDnsServer({ zones: [`${zone.join("\n")}\n`] });
  open.push(names);
  const common = { resolver: { servers: names.servers }, mx_port: mail.port, allow_private_addresses: true, address_lists: [], guess_selectors: false };
  const runs = await Promise.all(["a", "b", "c"].map((domain) => examined({ domain: `${domain}.example`, ...common })));
  for (const output of runs) {
    expect(output.failure).toBeNull();
    expect(output.mail_hosts.map(({ starttls }) => starttls)).toEqual(hosts.map(() => "not_offered"));
  }
  expect(mail.all()).toBe(18);
  expect(mail.most()).toBeLessThanOrEqual(4);
  // They do meet, or the bound would not have been needed.
  expect(mail.most()).toBeGreaterThan(1);
});

test("a run whose turn does not come ends with its deadline", async () => {
  const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  open.push(silent);
  const zone = ["$ORIGIN example.", "@ SOA ns hostmaster 1 3600 600 86400 60", "mx A 127.0.0.1", "many MX 1 mx.example."];
  const names = await startDnsServer({ zones: [`${zone.join("\n")}\n`] });
  open.push(names);
  const input = {
    domain: "many.example",
    resolver: { servers: names.servers },
    mx_port: (silent.address() as AddressInfo).port,
    allow_private_addresses: true,
    address_lists: [],
    guess_selectors: false,
  };
  const runs = await Promise.all([0, 1, 2, 3, 4, 5].map(() => examined({ ...input, timeout_ms: 1500 })));
  for (const output of runs) expect(output.failure).toMatchObject({ code: "timeout" });
});
