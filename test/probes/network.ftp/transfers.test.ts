import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.ftp/schema.js";
import { run, runReport } from "../../../runner/harness/run.js";
import { type FtpServer, type FtpServerOptions, startFtpServer } from "../../../runner/lab/ftp-server.js";
import { type Listener, listen } from "../../../runner/net/transport/listen.js";

const ANONYMOUS = { username: "anonymous" };
const PRIVATE = { tls: { mode: "starttls", verify: "ignore" }, auth: ANONYMOUS } as const;

let server: FtpServer;
afterEach(() => server.close());

/** What the probe makes of a server whose data connections are scripted. */
async function probe(options: FtpServerOptions, input: object): Promise<Output> {
  server = await startFtpServer(options);
  const target = { target_host: "127.0.0.1", target_port: server.port, command_timeout_ms: 1500, timeout_ms: 8000 };
  const { output } = await run("network.ftp", { ...target, auth: ANONYMOUS, ...input } as never);
  expect(JSON.stringify(output)).not.toMatch(/"(code|phase)":"unknown"/);
  expect((output as Output).operations.filter(({ duration_ms: duration }) => duration === null)).toEqual([]);
  await expect.poll(() => server.openSockets, { timeout: 3000 }).toBe(0);
  return output as Output;
}

const lines = (count: number): string => Array.from({ length: count }, (_, number) => `-rw-r--r-- 1 a a 1 Jan 1 00:00 file${number}\r\n`).join("");

describe("a list", () => {
  test("is counted, and shown only on request", async () => {
    const hidden = await probe({ list: lines(3) }, { list: {} });
    expect(hidden).toMatchObject({ status: "ok", list: { command: "LIST", entries: 3, lines: [], is_complete: true, is_truncated: false } });
    expect(hidden.list?.first_byte_ms).toBeGreaterThan(0);
    await server.close();
    const shown = await probe({ list: "a\r\nb\nc" }, { list: { show: true, command: "NLST", path: "/pub" } });
    expect(shown.list).toMatchObject({ command: "NLST /pub", entries: 3, lines: ["a", "b", "c"], bytes: 6 });
    expect(server.commands).toContain("NLST /pub");
  });

  test("of an empty directory has no entry and no first byte", async () => {
    const output = await probe({ list: "" }, { list: {}, expect: { max_first_byte_ms: 1000 } });
    expect(output).toMatchObject({ status: "ok", list: { entries: 0, bytes: 0, first_byte_ms: null, is_complete: true } });
  });

  test.each([
    ["LIST", "total 8\r\ndrwxr-xr-x 2 a a 1 Jan 1 a\r\n", 1],
    ["MLSD", "type=cdir;size=1; .\r\ntype=pdir; ..\r\nmodify=1;type=file; total 8\r\n", 1],
  ])("counts only entries of %s", async (command, list, entries) => {
    expect((await probe({ list }, { list: { command } })).list).toMatchObject({ entries });
  });

  test("of a million entries is counted without being kept", async () => {
    const before = process.memoryUsage().rss;
    const output = await probe(
      { list: lines(1000).repeat(1000) },
      { list: { show: true, max_entries: 1_000_000 }, timeout_ms: 60_000, command_timeout_ms: 30_000 },
    );
    expect(output).toMatchObject({ status: "ok", list: { entries: 1_000_000, is_complete: true } });
    expect(output.list?.lines).toHaveLength(1000);
    // The server of this test holds the list of 45 MB, and its socket another copy.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  }, 90_000);

  test("is left after max_entries", async () => {
    const output = await probe({ list: lines(100_000) }, { list: { max_entries: 10 } });
    expect(output).toMatchObject({ status: "ok", list: { entries: 10, is_truncated: true, is_complete: false }, failure: null });
  });

  test("is left at a line that never ends", async () => {
    const flood = (socket: import("node:net").Socket): void => {
      socket.on("error", () => socket.destroy());
      const more = (): void => {
        while (!socket.destroyed) if (!socket.write(Buffer.alloc(65_536, "a"))) break;
      };
      socket.on("drain", more);
      more();
    };
    expect((await probe({ onData: flood }, { list: {} })).list).toMatchObject({ entries: 0, is_truncated: true, is_complete: false });
  });
});

describe("TLS on the data connection", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)("resumes the session of the control connection, in %s", async (maxVersion) => {
    const output = await probe(
      { tls: "starttls", requiresResumption: true, allowed: { maxVersion } },
      { ...PRIVATE, list: {}, download: { path: "README" }, expect: { tls_resumed: true, data_tls: true } },
    );
    expect(output).toMatchObject({ status: "ok", starttls: "secured", data_protection: "private", list: { tls: { version: maxVersion, is_resumed: true } } });
    expect(output.download).toMatchObject({ tls: { is_resumed: true, is_same_certificate: true }, bytes: 19, is_complete: true });
    expect(output.operations.map(({ name }) => name)).toContain("data TLS");
  });

  test("its absence is reported in plain text", async () => {
    const output = await probe({}, { list: {}, expect: { data_tls: true, tls_resumed: true } });
    expect(output.findings.map(({ reason }) => reason)).toEqual(["data_tls_differs", "tls_resumption_differs"]);
  });

  test("is a failure of the transfer if the server sends plain text instead", async () => {
    const output = await probe({ tls: "starttls", onData: (socket) => socket.end("plain text\r\n") }, { ...PRIVATE, list: {} });
    expect(output.failure).toMatchObject({ phase: "transfer" });
    expect(output.failure?.code).toMatch(/^(protocol_violation|tls_protocol|closed)$/);
  });

  test("goes without TLS only where it is not required", async () => {
    const replies = { PROT: "536 not here" };
    const output = await probe({ tls: "starttls", replies }, { auth: ANONYMOUS, tls: { verify: "ignore" }, list: {} });
    expect(output).toMatchObject({ status: "warning", failure: null, data_protection: "clear", list: { tls: null, entries: 2 } });
    expect(output.findings.map(({ reason }) => reason)).toContain("data_not_protected");
    await server.close();
    expect((await probe({ tls: "starttls", replies }, { ...PRIVATE, list: {} })).failure).toMatchObject({ phase: "command", reply_code: 536 });
    expect(server.commands.some((command) => command.startsWith("LIST"))).toBe(false);
  });
});

describe("passive mode", () => {
  test("falls back to PASV where EPSV is refused", async () => {
    const output = await probe({ replies: { EPSV: "500 what?" } }, { list: {} });
    expect(output).toMatchObject({ status: "ok", list: { passive: { command: "PASV", ip_address: "127.0.0.1", is_other_host: false }, entries: 2 } });
  });

  test("a refused EPSV is a failure if the input requires it", async () => {
    const output = await probe({ replies: { EPSV: "500 what?" } }, { list: {}, passive: "epsv" });
    expect(output.failure).toMatchObject({ phase: "transfer", code: "reply_rejected", reply_code: 500 });
  });

  test("an address of another host is reported and never connected to", async () => {
    let victim: Listener | null = null;
    try {
      victim = await listen((socket) => socket.resume(), { host: "127.0.0.2" });
      const output = await probe({ passiveAddress: "127.0.0.2" }, { list: {}, passive: "pasv" });
      expect(output).toMatchObject({ status: "warning", list: { passive: { ip_address: "127.0.0.2", is_other_host: true }, entries: 2 } });
      expect(output.findings.map(({ reason }) => reason)).toEqual(["passive_address_differs"]);
      await server.close();
      // It names a port of the other host, where nothing listens on the server's own address.
      const { port } = victim;
      const bounced = await probe({ replies: { PASV: `227 Go (127,0,0,2,${port >> 8},${port & 255})` } }, { list: {}, passive: "pasv" });
      expect(bounced.failure).toMatchObject({ phase: "transfer", code: "refused" });
      expect(victim.connections).toBe(0);
    } finally {
      await victim?.close();
    }
  });

  test("a port where nothing listens is a failure of the transfer", async () => {
    const { port, close } = await listen(() => {});
    await close();
    const output = await probe({ replies: { EPSV: `229 here (|||${port}|)` } }, { list: {} });
    expect(output).toMatchObject({ failure: { phase: "transfer", code: "refused" }, list: { passive: { port } }, ip_address: "127.0.0.1" });
  });
});

describe("a transfer", () => {
  test("ends where 150 is followed by nothing", async () => {
    const output = await probe({ onData: (socket) => socket.resume() }, { list: {} });
    expect(output).toMatchObject({ failure: { phase: "transfer", code: "timeout" }, list: { bytes: 0, is_complete: false } });
  });

  test("ends where the data is followed by no reply", async () => {
    const output = await probe({ completion: null }, { list: {} });
    expect(output).toMatchObject({ failure: { phase: "transfer", code: "timeout" }, list: { entries: 2, is_complete: false } });
  });

  test("has the reason that the server gave", async () => {
    const output = await probe({ onData: (socket) => socket.resetAndDestroy(), completion: "451 read error" }, { list: {} });
    expect(output.failure).toMatchObject({ phase: "transfer", code: "reply_rejected", reply_code: 451, retryable: true });
  });

  test("is refused before it begins", async () => {
    const output = await probe({ replies: { RETR: "550 no such file" } }, { download: { path: "none" } });
    expect(output).toMatchObject({ failure: { phase: "transfer", reply_code: 550 }, download: { command: "RETR none", bytes: 0 } });
  });

  test("of a file is left after max_bytes", async () => {
    const output = await probe({ file: "a".repeat(300_000) }, { download: { path: "big", max_bytes: 1000 } });
    expect(output).toMatchObject({ status: "ok", download: { is_truncated: true, is_complete: false } });
  });

  test("may be expected to have entries and to begin soon", async () => {
    const output = await probe({ latencyMs: 20 }, { list: {}, expect: { min_entries: 3 }, prefer: { max_first_byte_ms: 1 } });
    expect(output.findings.map(({ severity, reason }) => [severity, reason])).toEqual([
      ["error", "too_few_entries"],
      ["warning", "slow_first_byte"],
    ]);
  });
});

test("a wrong input is refused with every fault, and nothing is sent", async () => {
  server = await startFtpServer();
  const target = { target_host: "127.0.0.1", target_port: server.port };
  const wrong = async (input: object): Promise<unknown> => {
    const error = await runReport("network.ftp", { ...target, ...input }).catch((reason: unknown) => reason);
    return [...new Set((error as { violations: { pointer: string }[] }).violations.map(({ pointer }) => pointer))];
  };
  expect(await wrong({ list: {}, download: { path: "a" } })).toEqual(["/list", "/download"]);
  expect(await wrong({ auth: { username: "ann" } })).toEqual(["/auth/password"]);
  expect(await wrong({ auth: ANONYMOUS, list: { path: "a\r\nDELE b" }, download: { path: "" } })).toEqual(["/list/path", "/download/path"]);
  expect(server.commands).toEqual([]);
});
