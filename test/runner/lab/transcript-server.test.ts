import { afterEach, describe, expect, test } from "vitest";
import type { Delivery } from "../../../runner/lab/byte-delivery.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { type PlayOptions, playTranscript, type TranscriptServer } from "../../../runner/lab/transcript-server.js";
import { RawClient } from "../../support/raw-client.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function play(text: string, options: PlayOptions = {}): Promise<TranscriptServer> {
  const server = await playTranscript(text, options);
  open.push(server);
  return server;
}

async function dial(server: TranscriptServer, options: { tls?: boolean } = {}): Promise<RawClient> {
  const client = await RawClient.open(server.port, options);
  open.unshift(client);
  return client;
}

const DIALOGUE = `# A plain dialogue.
S: 220 mx.example.org ESMTP
C: EHLO *
S: 250-mx.example.org
S: 250 SIZE 33554432
C: QUIT
S: 221 bye
`;

describe.each<Delivery>(["whole", "lines", "bytes"])("delivered in %s", (delivery) => {
  test("the client receives the same", async () => {
    const server = await play(DIALOGUE, { delivery });
    const client = await dial(server);
    expect(await client.reply()).toBe("220 mx.example.org ESMTP");
    expect(await client.ask("ehlo client.example")).toBe("250-mx.example.org\n250 SIZE 33554432");
    expect(await client.ask("QUIT")).toBe("221 bye");
    expect(await client.rest()).toBe("");
    await server.close();
    expect(server.mismatches).toEqual([]);
    expect(server.conversation.map(({ speaker, text }) => `${speaker} ${text}`)).toEqual([
      "server 220 mx.example.org ESMTP",
      "client ehlo client.example",
      "server 250-mx.example.org",
      "server 250 SIZE 33554432",
      "client QUIT",
      "server 221 bye",
    ]);
    expect([server.connections, server.openSockets]).toEqual([1, 0]);
  });

  test("its writes are what it promises", async () => {
    const server = await play("S: a\nS: bc\nS| d\n", { delivery });
    const client = await dial(server);
    await client.rest();
    expect(client.chunks.join("")).toBe("a\r\nbc\r\nd");
    // A busy machine may make one read of two writes, but not of most.
    const [least, most] = { whole: [1, 1], lines: [2, 3], bytes: [4, 8] }[delivery] as [number, number];
    expect(client.chunks.length).toBeGreaterThanOrEqual(least);
    expect(client.chunks.length).toBeLessThanOrEqual(most);
  });

  test("STARTTLS keeps what was written before it plain", async () => {
    const server = await play("C: STARTTLS\nS: 220 go\nS: 250 injected\n@starttls\nC: NOOP\nS: 250 secure\n", { delivery });
    const client = await dial(server);
    expect(await client.ask("STARTTLS")).toBe("220 go");
    expect(await client.reply()).toBe("250 injected");
    await client.startTls();
    expect(await client.ask("NOOP")).toBe("250 secure");
    await client.rest();
    await server.close();
    expect(server.mismatches).toEqual([]);
  });
});

test("implicit TLS with a named certificate", async () => {
  const server = await play("@tls mine\nS: 220 secure\n", { certificates: { mine: selfSigned({ names: ["mine.example.org"] }) } });
  const client = await dial(server, { tls: true });
  expect(await client.reply()).toBe("220 secure");
});

test.each(["@tls\nS: 220 secure\n", "S: 220 x\n@starttls\nS: 220 secure\n"])("a client that goes instead of a handshake leaves no socket, %j", async (text) => {
  const server = await play(text);
  const client = await dial(server);
  if (text.startsWith("S")) await client.reply();
  client.socket.end();
  await expect.poll(() => server.openSockets).toBe(0);
});

test("a missing certificate is reported at once", async () => {
  await expect(playTranscript("@tls other\nS: 220 secure\n")).rejects.toThrow('The transcript names the certificate "other", and the server was given [].');
});

test("a client that sends something else is reported, and gets no further reply", async () => {
  const server = await play(DIALOGUE);
  const client = await dial(server);
  await client.reply();
  client.write("HELO x\r\n");
  expect(await client.rest()).toBe("");
  await server.close();
  expect(server.mismatches.map(({ message }) => message)).toEqual(["connection 1, line 3 of the transcript: expected EHLO *, got HELO x"]);
});

test.each([
  ["goes in the middle", (client: RawClient) => client.close(), "expected QUIT, got the end of the connection"],
  ["ends its line with a bare LF", (client: RawClient) => client.write("QUIT\n"), "expected QUIT, got QUIT (ended by a bare LF)"],
])("a client that %s", async (_, act, message) => {
  const server = await play("S: 220 x\nC: QUIT\nS: 221 bye\n");
  const client = await dial(server);
  await client.reply();
  act(client);
  await server.close();
  expect(server.mismatches[0]?.message).toContain(message);
});

test("a client that says more than the transcript holds", async () => {
  const server = await play("C: NOOP\nS: 250 ok\n");
  const client = await dial(server);
  client.write("NOOP\r\nQUIT\r\n");
  await client.rest();
  await server.close();
  expect(server.mismatches[0]).toMatchObject({ expected: "nothing more, the transcript ends here", got: "QUIT" });
});

describe("@expect-close", () => {
  test("is content with a client that goes", async () => {
    const server = await play("S: 554 no\n@expect-close\n");
    const client = await dial(server);
    await client.reply();
    client.close();
    await server.close();
    expect(server.mismatches).toEqual([]);
  });

  test("reports one that stays", async () => {
    const server = await play("S: 554 no\n@expect-close\n");
    const client = await dial(server);
    await client.reply();
    await server.close();
    expect(server.mismatches.map(({ got }) => got)).toEqual(["it was still open when the server was closed"]);
  });

  test("reports one that sends", async () => {
    const server = await play("S: 554 no\n@expect-close\n");
    const client = await dial(server);
    await client.ask("QUIT");
    await client.rest();
    await server.close();
    expect(server.mismatches.map(({ got }) => got)).toEqual(["QUIT"]);
  });
});

test("@delay keeps the client waiting, as long as it stays", async () => {
  const server = await play("@delay 40ms\nS: 220 late\n@delay 1000s\n");
  const began = performance.now();
  const client = await dial(server);
  await client.reply();
  expect(performance.now() - began).toBeGreaterThanOrEqual(39);
  client.close();
  await expect.poll(() => server.openSockets).toBe(0);
});

test("@silence answers nothing and keeps the connection", async () => {
  const server = await play("S: 220 x\n@silence\n");
  const client = await dial(server);
  await client.reply();
  client.write("EHLO x\r\n");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(client.ended).toBe(false);
  expect(server.openSockets).toBe(1);
  client.close();
  await expect.poll(() => server.openSockets).toBe(0);
  expect(server.mismatches).toEqual([]);
});

test.each([
  ["@close", null],
  ["@reset", "ECONNRESET"],
])("%s", async (directive, code) => {
  const server = await play(`C: EHLO *\n${directive}\n`);
  const client = await dial(server);
  let seen: string | null = null;
  client.socket.on("error", (error: NodeJS.ErrnoException) => {
    seen = error.code ?? "";
  });
  client.write("EHLO x\r\n");
  expect(await client.rest()).toBe("");
  expect(seen).toBe(code);
});

test("@reset under TLS", async () => {
  const server = await play("@tls\nS: 220 x\nC: *\n@reset\n");
  const client = await dial(server, { tls: true });
  await client.reply();
  client.write("x\r\n");
  expect(await client.rest()).toBe("");
  await expect.poll(() => server.openSockets).toBe(0);
});

test("@tls-stall takes the ClientHello and says nothing", async () => {
  const server = await play("C: STARTTLS\nS: 220 go\n@tls-stall\n");
  const client = await dial(server);
  await client.ask("STARTTLS");
  const outcome = client.startTls().then(
    () => "secure",
    () => "failed",
  );
  expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 50, "waiting"))])).toBe("waiting");
  client.close();
  expect(await outcome).toBe("failed");
});

test("@tls-garbage answers the ClientHello with what is no TLS", async () => {
  const server = await play("C: STARTTLS\nS: 220 go\n@tls-garbage\n");
  const client = await dial(server);
  await client.ask("STARTTLS");
  await expect(client.startTls()).rejects.toThrow(/wrong version number|packet length|record/i);
});

test("@repeat forever sends until the client goes, and no faster than it reads", async () => {
  const server = await play("@repeat forever S: 250-and so on\n");
  const client = await dial(server);
  for (let count = 0; count < 5000; count++) expect(await client.line()).toBe("250-and so on");
  client.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = process.memoryUsage().rss;
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  client.close();
  await expect.poll(() => server.openSockets).toBe(0);
});

test("@drip sends byte by byte with pauses", async () => {
  const server = await play("S: a\n@drip 10ms\nS: bcd\n");
  const client = await dial(server);
  const began = performance.now();
  expect(await client.line()).toBe("a");
  expect(await client.line()).toBe("bcd");
  expect(performance.now() - began).toBeGreaterThanOrEqual(38);
});

test("@any takes any line, @message takes lines up to the dot", async () => {
  const server = await play("@any\nS: 354 go\n@message\nS: 250 taken\n");
  const client = await dial(server);
  expect(await client.ask("whatever")).toBe("354 go");
  expect(await client.ask("Subject: x\r\n\r\n..dot\r\n.")).toBe("250 taken");
  await client.rest();
  await server.close();
  expect(server.mismatches).toEqual([]);
});

test("several clients are played to at once", async () => {
  const server = await play(DIALOGUE, { delivery: "bytes" });
  const clients = await Promise.all(Array.from({ length: 20 }, () => dial(server)));
  await Promise.all(
    clients.map(async (client) => {
      expect(await client.reply()).toBe("220 mx.example.org ESMTP");
      expect(await client.ask("EHLO x")).toBe("250-mx.example.org\n250 SIZE 33554432");
      expect(await client.ask("QUIT")).toBe("221 bye");
      await client.rest();
    }),
  );
  await server.close();
  expect(server.mismatches).toEqual([]);
  expect([server.connections, server.openSockets]).toEqual([20, 0]);
});
