import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addressUse } from "../../../runner/net/transport/address-policy.js";
import { allowedTargets } from "../../../runner/queue/allowed-targets.js";
import { createWorker, type WorkerOptions } from "../../../runner/queue/create-worker.js";
import { openQueue, type Queue } from "../../../runner/queue/queue.js";
import { closeAfterEach, inside, internet } from "../../support/delivery.js";
import { realServer } from "../../support/real-servers.js";
import { startRedis } from "../../support/redis.js";

let folder: string;
let queue: Queue;
/** Counts the connections to a service of this machine. */
let service: Server;
let port: number;
let connections: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-run-targets-"));
  queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
  connections = 0;
  service = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined).end("220 inside.example ESMTP\r\n");
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  port = (service.address() as AddressInfo).port;
});
closeAfterEach();
afterEach(async () => {
  service.close();
  await queue.close();
  await rm(folder, { recursive: true });
});

async function worked(options: WorkerOptions, of = queue) {
  const worker = await createWorker(of, { drain: true, ...options });
  await worker.run();
  return (await of.jobs.deadLetters(10)).map(({ failure: { reason, message } }) => ({ reason, message }));
}

const refusedWith = (text: string) => [{ reason: "refused", message: expect.stringContaining(text) }];

describe("a worker that denies private addresses", () => {
  const DENYING = { denyPrivate: true };

  test.each([
    ["network.smtp", () => ({ target_host: "127.0.0.1", target_port: port })],
    ["network.smtp", () => ({ target_host: "localhost", target_port: port })],
    ["network.imap", () => ({ target_host: "127.0.0.1", target_port: port })],
    ["network.pop3", () => ({ target_host: "127.0.0.1", target_port: port })],
    ["security.tls", () => ({ target_host: "127.0.0.1", target_port: port })],
    ["webapp.http", () => ({ url: `http://127.0.0.1:${port}/` })],
    ["network.dns", () => ({ name: "one.example", servers: [`127.0.0.1:${port}`] })],
    ["mail.send", () => ({ host: "127.0.0.1", port, from_addr: "a@example.org", to_addr: "b@example.org", subject_prefix: "x", retries: 0 })],
    ["mail.rcpt", () => ({ email: "bob@one.example", mx_host: "127.0.0.1", mx_port: port, mail_from: "a@example.org", allow_private_addresses: true })],
  ])("does not connect to this machine for a job of %s", async (probe, input) => {
    await queue.enqueue(probe, input(), { maxAttempts: 1 });
    expect(await worked(DENYING)).toEqual(refusedWith("127.0.0.1"));
    expect(connections).toBe(0);
  });

  test("runs the job once the address is allowed, and the dead letter says how", async () => {
    await queue.enqueue("network.smtp", { target_host: "127.0.0.1", target_port: port });
    expect(await worked(DENYING)).toEqual(refusedWith("--allow-target"));
    await queue.jobs.retryDead(null);
    expect(await worked({ ...DENYING, allowTargets: ["127.0.0.0/8"] })).toEqual([]);
    expect(connections).toBe(1);
  });

  test("queries no name server of a job that it may not connect to", async () => {
    const net = await internet("one A 127.0.0.1", {});
    const target = { target_host: "one.example", target_port: port, resolver: { servers: [...net.servers] as string[] } };
    await queue.enqueue("network.smtp", target, { maxAttempts: 1 });
    await queue.enqueue("mail.mx", { domain: "one.example", resolver: target.resolver }, { maxAttempts: 1 });
    const dead = await worked(DENYING);
    expect(dead).toEqual([...refusedWith("127.0.0"), ...refusedWith("127.0.0")]);
  });

  test("delivers to no mail host with a private address, with any settings of the job", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    const [server] = net.servers as [string];
    await queue.enqueue("mail.deliver", {
      ...inside(net),
      mail_from: "ada@sender.example",
      recipients: ["bob@one.example"],
      fields: { subject: "Hello", text: "Hello." },
    });
    const nameServer = server.replace(/:\d+$/, "");
    expect(await worked({ ...DENYING, allowTargets: [nameServer] })).toEqual(refusedWith("127.0.0.11"));
    expect(net.host("mx").connections).toEqual([]);
  });
});

describe("a worker with a list of targets", () => {
  test("connects to nothing else", async () => {
    await queue.enqueue("network.smtp", { target_host: "127.0.0.1", target_port: port });
    expect(await worked({ allowTargets: ["public", "192.0.2.0/24"] })).toEqual(refusedWith("127.0.0.1 is not an allowed target"));
    expect(connections).toBe(0);
  });

  test("connects to a listed name, unless its address is private and private ones are denied", async () => {
    await queue.enqueue("network.smtp", { target_host: "localhost", target_port: port });
    expect(await worked({ allowTargets: ["localhost"], denyPrivate: true })).toEqual(refusedWith("localhost (127.0.0.1) is not a public address"));
    await queue.jobs.retryDead(null);
    expect(await worked({ allowTargets: ["localhost"] })).toEqual([]);
    expect(connections).toBe(1);
  });
});

describe("without a list", () => {
  test("a worker of a queue in a file connects to anything", async () => {
    await queue.enqueue("network.smtp", { target_host: "127.0.0.1", target_port: port });
    expect(await worked({})).toEqual([]);
    expect(connections).toBe(1);
  });

  realServer("a worker of a broker", ["redis-server"], () => {
    test("a worker of a broker connects to no private address", async () => {
      const redis = await startRedis({ isPersistent: false });
      const broker = await openQueue(redis.url);
      try {
        await broker.enqueue("network.smtp", { target_host: "127.0.0.1", target_port: port });
        expect(await worked({}, broker)).toEqual(refusedWith("127.0.0.1 is not a public address (loopback"));
        expect(connections).toBe(0);
        await broker.jobs.retryDead(null);
        expect(await worked({ allowTargets: ["127.0.0.1"] }, broker)).toEqual([]);
        expect(connections).toBe(1);
      } finally {
        await broker.close();
        await redis.stop();
      }
    });
  });
});

describe("the patterns", () => {
  const refuses = (patterns: readonly string[], address: string, host: string | null = null, denyPrivate = false): boolean =>
    allowedTargets(patterns, denyPrivate).refusalOf(address, host) !== null;

  test.each([
    ["10.1.0.0/16", "10.1.255.255", "10.2.0.0"],
    ["10.1.2.3", "10.1.2.3", "10.1.2.4"],
    ["192.0.2.128/25", "192.0.2.128", "192.0.2.127"],
    ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
    ["fd00::1", "fd00::1", "fd00::2"],
    ["0.0.0.0/0", "255.255.255.255", "::1"],
    ["public", "8.8.8.8", "127.0.0.1"],
  ])("%s allows %s and not %s", (pattern, inside, outside) => {
    for (const denyPrivate of [false, true]) {
      expect(refuses([pattern], inside, null, denyPrivate)).toBe(false);
      expect(refuses([pattern], outside, null, denyPrivate)).toBe(true);
    }
  });

  test("names match as a whole, ignoring case; a star matches every name under a domain", () => {
    expect(refuses(["MX.example.org"], "8.8.8.8", "mx.EXAMPLE.org")).toBe(false);
    expect(refuses(["mx.example.org"], "8.8.8.8", "mx.example.org.evil.example")).toBe(true);
    expect(refuses(["*.example.org"], "8.8.8.8", "a.b.example.org")).toBe(false);
    expect(refuses(["*.example.org"], "8.8.8.8", "example.org")).toBe(true);
    expect(refuses(["*.example.org"], "8.8.8.8", "evilexample.org")).toBe(true);
    expect(refuses(["*.example.org"], "8.8.8.8", null)).toBe(true);
  });

  test.each([
    "127.0.0.1",
    "169.254.169.254",
    "10.0.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fd00::1",
    "2002:7f00:1::",
  ])("%s is denied with the private addresses", (address) => {
    expect(refuses([], address, null, true)).toBe(true);
    expect(refuses([], address)).toBe(false);
    expect(addressUse(address).scope).not.toBe("global");
  });

  test.each(["", "*", "10.0.0.0/33", "::/129", "10.0.0", "mx.*.org", "a b", "http://example.org", "10.0.0.1:25"])("%j is not a target", (pattern) => {
    expect(() => allowedTargets([pattern], false)).toThrow("--allow-target cannot use");
  });
});
