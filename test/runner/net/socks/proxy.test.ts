import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { readSocksGreeting, readSocksRequest } from "../../../../runner/net/socks/greeting.js";
import { SocksProxy } from "../../../../runner/net/socks/proxy.js";
import { listen } from "../../../../runner/net/transport/listen.js";
import { testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function proxy(policy: Partial<Parameters<typeof SocksProxy.start>[0]> = {}): Promise<SocksProxy> {
  const { state } = testRun();
  const started = await SocksProxy.start({
    ...{ run: () => state, refuseHost: () => null, refuseAddress: () => null, connectTimeoutMs: 2000, maxBytes: 1e9, exceeded: () => undefined },
    ...policy,
  });
  open.push(started);
  return started;
}

/** What the proxy sends, up to `count` bytes or its close. */
async function read(socket: Socket, bytes: number): Promise<Buffer> {
  let seen = Buffer.alloc(0);
  while (seen.length < bytes && !socket.readableEnded) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) seen = Buffer.concat([seen, chunk]);
    else await readableOrClosed(socket);
    if (socket.destroyed) break;
  }
  return seen;
}

/** Leaves no listener on the socket: a large transfer becomes readable many times. */
async function readableOrClosed(socket: Socket): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  await Promise.race([once(socket, "readable", { signal }), once(socket, "close", { signal })]).finally(() => over.abort());
}

const hello = Buffer.from([5, 1, 0]);
const toName = (name: string, port: number) => Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), Buffer.from(name), Buffer.from([port >> 8, port & 255])]);
const toV4 = (port: number) => Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]);

async function dial(port: number, ...pieces: readonly Buffer[]): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  open.push({ close: () => socket.destroy() });
  await once(socket, "connect");
  for (const piece of pieces) socket.write(piece);
  return socket;
}

describe("a SOCKS proxy for a browser", () => {
  test.each<[how: string, cut: (bytes: Buffer) => Buffer[]]>([
    ["whole", (bytes) => [bytes]],
    ["byte by byte", (bytes) => [...bytes].map((byte) => Buffer.from([byte]))],
  ])("connects by name and by address, %s", async (_, cut) => {
    const echo = await listen((socket) => void socket.pipe(socket));
    open.push(echo);
    const { port } = await proxy();
    for (const request of [toV4(echo.port), toName("localhost", echo.port)]) {
      const socket = await dial(port, ...cut(Buffer.concat([hello, request])));
      expect([...(await read(socket, 12))]).toEqual([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
      socket.write("ping");
      expect((await read(socket, 4)).toString()).toBe("ping");
      socket.destroy();
    }
  });

  test("a large transfer arrives whole, and is counted", async () => {
    const size = 3_000_000;
    const source = await listen((socket) => void socket.end(Buffer.alloc(size, 7)));
    open.push(source);
    const started = await proxy();
    const socket = await dial(started.port, hello, toV4(source.port));
    const seen = await read(socket, size + 12);
    expect(seen.length).toBe(size + 12);
    expect(seen.subarray(12).every((byte) => byte === 7)).toBe(true);
    expect(started.received).toBe(size);
  });

  test("more bytes than permitted are reported", async () => {
    const source = await listen((socket) => void socket.end(Buffer.alloc(100_000)));
    open.push(source);
    let exceeded = 0;
    const { port } = await proxy({ maxBytes: 50_000, exceeded: () => exceeded++ });
    await read(await dial(port, hello, toV4(source.port)), 100_012);
    expect(exceeded).toBeGreaterThan(0);
  });

  test.each<[what: string, policy: object, request: Buffer, reply: number, code: string]>([
    ["a closed port", {}, toV4(1), 5, "refused"],
    ["a host that is refused", { refuseHost: (host: string) => `no ${host}` }, toName("example.org", 80), 2, "not_permitted"],
    ["an address that is refused", { refuseAddress: (_: string, address: string) => `no ${address}` }, toV4(80), 2, "not_permitted"],
    ["a name without an address", {}, toName("nothing.invalid", 80), 4, "dns"],
    ["an invalid name", {}, toName("a b", 80), 2, "not_permitted"],
  ])("%s", async (_, policy, request, reply, code) => {
    const started = await proxy(policy);
    const seen = await read(await dial(started.port, hello, request), 12);
    expect(seen[3]).toBe(reply);
    expect([...started.failures.values()].map((failure) => failure.code).join()).toContain(code);
  });

  test.each<[what: string, bytes: Buffer]>([
    ["version 4", Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0])],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a client that must authenticate", Buffer.from([5, 1, 2])],
    ["BIND", Buffer.concat([hello, Buffer.from([5, 2, 0, 1, 127, 0, 0, 1, 0, 80])])],
    ["an unknown kind of address", Buffer.concat([hello, Buffer.from([5, 1, 0, 9, 127, 0, 0, 1, 0, 80])])],
  ])("%s is refused", async (_, bytes) => {
    const { port } = await proxy();
    const socket = await dial(port, bytes);
    const closed = once(socket, "close");
    socket.resume();
    await closed;
  });

  test("all connections end with it", async () => {
    const silent = await listen((socket) => void socket.resume().on("end", () => socket.end()));
    open.push(silent);
    const started = await proxy();
    const socket = await dial(started.port, hello, toV4(silent.port));
    await read(socket, 12);
    started.close();
    const isClosed = (): boolean => {
      // Without a read its end is not noticed.
      socket.read();
      return socket.destroyed;
    };
    await expect.poll(isClosed, { timeout: 5000 }).toBe(true);
    await expect.poll(() => silent.openSockets).toBe(0);
  });
});

test("an IPv6 address is read as a URL writes it", () => {
  const address = Buffer.from("20010db8000000000000000000000007", "hex");
  const request = Buffer.concat([Buffer.from([5, 1, 0, 4]), address, Buffer.from([0x1f, 0x90])]);
  expect(readSocksRequest(request)).toEqual({ bytes: 22, request: { host: "2001:db8::7", port: 8080 } });
  for (let length = 0; length < request.length; length++) expect(readSocksRequest(request.subarray(0, length))).toBeNull();
  expect(readSocksGreeting(Buffer.from([5]))).toBeNull();
});
