import { afterEach, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { listenUdp } from "../../../runner/net/udp/listen.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** RFC 9000, section 17.2.1: version 0, the connection ids swapped, and the versions. */
function negotiation(datagram: Buffer, versions: readonly number[]): Buffer {
  const destination = datagram.subarray(6, 6 + (datagram[5] as number));
  const source = datagram.subarray(7 + destination.length, 7 + destination.length + (datagram[6 + destination.length] as number));
  const named = versions.map((version) => Buffer.from(version.toString(16).padStart(8, "0"), "hex"));
  return Buffer.concat([Buffer.from([0xb7, 0, 0, 0, 0, source.length]), source, Buffer.from([destination.length]), destination, ...named]);
}

async function ask(port: number, input: object = {}) {
  const server = await startHttpServer(() => ({ headers: { "alt-svc": `h3=":${port}"; ma=60` } }));
  open.push(server);
  return (await run("webapp.http", { url: `${server.origin}/`, http3: true, command_timeout_ms: 3000, ...input } as never)).output as Record<string, unknown>;
}

test("QUIC that answers is reported with its versions, without those that are reserved", async () => {
  const sizes: number[] = [];
  const quic = await listenUdp((datagram, send) => {
    sizes.push(datagram.length);
    send(negotiation(datagram, [0x0a1a2a3a, 1, 0x6b3343cf, 0xff00001d]));
  });
  open.push(quic);
  expect(await ask(quic.port, { expect: { http3: true } })).toMatchObject({
    ...{ status: "ok", failure: null },
    http3: { advertised: true, host: "127.0.0.1", port: quic.port, answered: true, versions: ["1", "2", "draft-29"], error: null },
  });
  expect(sizes).toEqual([1200]);
});

test("an answer to another datagram does not count, and silence is no failure of the request", async () => {
  const quic = await listenUdp((datagram, send) => send(negotiation(Buffer.concat([datagram.subarray(0, 6), Buffer.alloc(8, 1), datagram.subarray(14)]), [1])));
  open.push(quic);
  const output = await ask(quic.port, { command_timeout_ms: 300, prefer: { http3: true } });
  expect(output).toMatchObject({
    status: "warning",
    failure: null,
    http3: { answered: false, error: "no answer within 300 ms" },
    findings: [{ reason: "http3_differs" }],
  });
});

test("a closed port is reported at once", async () => {
  const quic = await listenUdp(() => undefined);
  await quic.close();
  expect(await ask(quic.port, { command_timeout_ms: 20_000 })).toMatchObject({
    status: "ok",
    http3: { answered: false, error: expect.stringContaining("ECONNREFUSED") },
  });
});
