import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { listen } from "../../../runner/net/transport/listen.js";
import { allCertificates, testAuthority } from "../../support/certificates.js";
import { send } from "./send.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** Larger than what two sockets hold between them: the end cannot have been handed to the system. */
const SIZE_BYTES = 12 * 1024 * 1024;

/** Says yes to everything, and does this once the message begins. */
async function server(whenItBegins: (socket: Socket) => void): Promise<{ port: number; connections: number }> {
  const listener = await listen((socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("220 mx\r\n");
    socket.on("data", (bytes: Buffer) => {
      const isData = bytes.toString("latin1").startsWith("DATA");
      socket.write(isData ? "354 go\r\n" : "250 ok\r\n");
      if (!isData) return;
      socket.pause();
      setTimeout(() => whenItBegins(socket), 50);
    });
  });
  open.push(listener);
  return listener;
}

describe("a server that fails inside a message has not accepted it", () => {
  test.each<[string, (socket: Socket) => void]>([
    ["closes", (socket) => socket.destroy()],
    ["breaks off", (socket) => socket.resetAndDestroy()],
  ])("%s", async (_, die) => {
    const listener = await server(die);
    const output = await send(listener.port, { size_bytes: SIZE_BYTES, retries: 3 });
    expect(output).toMatchObject({
      status: "error",
      error_type: "connection_error",
      delivery: "not_sent",
      attempt_count: 1,
      failure: { phase: "data" },
      recipients: [{ outcome: "not_sent" }],
    });
    expect(["closed", "reset"]).toContain(output.failure?.code);
    expect(listener.connections).toBe(1);
  });

  test("stops reading", async () => {
    const listener = await server(() => undefined);
    const output = await send(listener.port, { size_bytes: SIZE_BYTES, timeout: 0.4 });
    expect(output).toMatchObject({ error_type: "timeout", delivery: "not_sent", attempt_count: 1, failure: { phase: "data", code: "timeout" } });
  });

  test("refuses temporarily in the middle of it, and stops reading", async () => {
    const listener = await server((socket) => socket.write("452 4.3.1 disk full\r\n"));
    const output = await send(listener.port, { size_bytes: SIZE_BYTES, retries: 1 });
    expect(output).toMatchObject({ delivery: "refused", error_type: "temporary_failure", attempt_count: 2, recipients: [{ outcome: "deferred", code: 452 }] });
  });
});

test("a server that fails inside TLS, in the middle of a transaction, has not accepted it", async () => {
  const transcript =
    "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n@starttls\nC: EHLO *\nS: 250 mx\nC: MAIL *\nS: 250 ok\nC: RCPT *\n@reset";
  const played = await playTranscript(transcript, { certificates: allCertificates() });
  open.push(played);
  const output = await send(played.port, { tls: "starttls", tls_options: { servername: "localhost", ca: testAuthority() } });
  expect(output).toMatchObject({
    error_type: "connection_error",
    delivery: "not_sent",
    attempt_count: 1,
    failure: { phase: "rcpt", code: "reset" },
    tls: { authorised: true },
  });
  expect(played.mismatches).toEqual([]);
});

test("a message that is accepted before its end was not accepted", async () => {
  const listener = await server((socket) => socket.write("250 2.0.0 thanks, that is enough\r\n"));
  const output = await send(listener.port, { size_bytes: SIZE_BYTES, timeout: 2 });
  expect(output).toMatchObject({
    delivery: "not_sent",
    error_type: "smtp_error",
    failure: { phase: "data", code: "protocol_violation" },
    recipients: [{ outcome: "not_sent" }],
  });
});
