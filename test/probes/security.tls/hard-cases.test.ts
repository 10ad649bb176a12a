import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/security.tls/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { type AcceptedSocket, type Listener, listen, serveTls } from "../../../runner/net/transport/listen.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

const certificate = selfSigned({ names: ["localhost"] });
const tls = (socket: AcceptedSocket): void => void serveTls(socket, certificate, { minVersion: "TLSv1.2" }).resume();

async function peer(accept: (socket: AcceptedSocket, connection: number) => void): Promise<Listener> {
  let connections = 0;
  const listener = await listen((socket) => accept(socket, ++connections));
  open.push(listener);
  return listener;
}

async function scan(port: number, input: Record<string, unknown> = {}): Promise<Output> {
  const given = { target_host: "127.0.0.1", target_port: port, servername: "localhost", verify: "ignore", command_timeout_ms: 20_000, ...input };
  return (await runReport("security.tls", given, { timeoutMs: 120_000 })).envelope.output as Output;
}

const offered = ({ protocols }: Output) => Object.fromEntries(protocols.map((each) => [each.version, each.offered]));
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

test("a server that refuses every protocol that is known here is scanned without one", { timeout: 120_000 }, async () => {
  const server = await peer((socket) => void serveTls(socket, certificate, { minVersion: "TLSv1.2", alpn: ["private/7"] }).resume());
  const output = await scan(server.port);
  expect(output).toMatchObject({ failure: null, incomplete: [], alpn: [] });
  expect(output.tls).toMatchObject({ version: "TLSv1.3", alpn: null });
});

describe("what could not be found out is incomplete, and never not offered", () => {
  test("a server that stops answering after eight connections", { timeout: 120_000 }, async () => {
    const server = await peer((socket, connection) => (connection <= 8 ? tls(socket) : void socket.destroy()));
    const output = await scan(server.port, { parallel: 1 });
    expect(offered(output)).toEqual({ SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true });
    expect(output.incomplete.map(({ check }) => check)).toEqual(expect.arrayContaining(["groups", "suites", "handshake"]));
    expect(output.verdict.result).not.toBe("met");
    expect(output.findings.some(({ reason }) => reason === "incomplete")).toBe(true);
  });

  test("a server that says nothing to hellos of old versions, and still answers new ones, does not offer them", { timeout: 120_000 }, async () => {
    const server = await peer((socket) => {
      socket.once("readable", () => {
        const bytes = socket.read() as Buffer | null;
        // The hello's own version: 3.3 is TLS 1.2 and 1.3.
        if (bytes === null || bytes.readUInt16BE(9) < 0x0303) return void socket.destroy();
        socket.unshift(bytes);
        tls(socket);
      });
    });
    const output = await scan(server.port, { checks: ["suites"] });
    expect(offered(output)).toEqual({ SSLv3: false, TLSv1: false, "TLSv1.1": false, "TLSv1.2": true, "TLSv1.3": true });
    expect(output.incomplete).toEqual([]);
  });

  test("a suite that was never offered says nothing of the version", { timeout: 60_000 }, async () => {
    // ServerHello with TLS_RSA_WITH_NULL_MD5 to everything, TLS 1.3's included.
    const hello = Buffer.concat([hex("16 0303 002a 02 000026 0303"), Buffer.alloc(32, 7), hex("00 1301 00")]);
    const server = await peer((socket) => void socket.resume().write(hello));
    const output = await scan(server.port, { checks: ["suites"], command_timeout_ms: 1000 });
    expect(output.protocols.find(({ version }) => version === "TLSv1.2")).toMatchObject({ offered: null, suites: [] });
    expect(output.incomplete[0]?.reason).toMatch(/picked the suite 0x1301, which was not offered/);
  });
});

describe("peers that do not speak TLS", () => {
  test.each([
    ["text", "HTTP/1.0 400 Bad Request\r\n\r\n", /not TLS/],
    ["a record of 64 KiB", hex("16 0303 ffff"), /a record of 65535 bytes/],
    ["nothing", "", /closed/],
  ])("%s", { timeout: 60_000 }, async (_name, bytes, message) => {
    const server = await peer((socket) => void socket.resume().end(bytes));
    const output = await scan(server.port);
    expect(output).toMatchObject({ status: "error", failure: { phase: "tls", code: "tls_protocol" } });
    expect(output.failure?.message).toMatch(message);
    expect(output.protocols.every(({ offered: each }) => each === null)).toBe(true);
  });

  test("a chain without end stays bounded", { timeout: 60_000 }, async () => {
    const record = Buffer.concat([hex("16 0303 4000"), Buffer.alloc(16_384, 0x0b)]);
    let sent = 0;
    const server = await peer((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(record)) sent += record.length;
        sent += record.length;
      };
      socket.resume().on("drain", more);
      more();
    });
    const output = await scan(server.port, { checks: [] });
    expect(output.failure?.code).toBe("tls_protocol");
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});

describe("STARTTLS", () => {
  test("SMTP: the same facts behind the prelude", { timeout: 120_000 }, async () => {
    const server = await startSmtpServer({ tls: "starttls" });
    open.push(server);
    const output = await scan(server.port, { starttls: "smtp" });
    expect(output.failure).toBeNull();
    expect(output.protocols.filter(({ offered: each }) => each).map(({ version }) => version)).toContain("TLSv1.3");
  });

  test("a server without it has its own finding", async () => {
    const server = await startSmtpServer({});
    open.push(server);
    const { failure } = await scan(server.port, { starttls: "smtp" });
    expect(failure).toMatchObject({ phase: "starttls", code: "unsupported" });
  });

  test("plain text after the go-ahead is an injection, and no handshake follows", async () => {
    const server = await peer((socket) => {
      socket.write("+OK ready\r\n");
      socket.once("data", () => socket.write("+OK begin TLS\r\n+OK injected\r\n"));
    });
    const { failure } = await scan(server.port, { starttls: "pop3" });
    expect(failure).toMatchObject({ phase: "starttls", code: "protocol_violation" });
  });

  test("an endless banner is cut off", async () => {
    const server = await peer((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write("220-more\r\n".repeat(1000)));
      };
      socket.resume().on("drain", more);
      more();
    });
    const { failure } = await scan(server.port, { starttls: "ftp" });
    expect(failure).toMatchObject({ phase: "starttls", code: "limit_exceeded" });
  });
});
