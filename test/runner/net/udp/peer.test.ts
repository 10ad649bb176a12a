import { afterEach, expect, test } from "vitest";
import type { Address } from "../../../../runner/net/transport/address.js";
import { listenUdp, type UdpListener } from "../../../../runner/net/udp/listen.js";
import { UdpPeer } from "../../../../runner/net/udp/peer.js";
import { Deadline } from "../../../../runner/run/deadline.js";
import { failureError } from "../../../../runner/run/failure-error.js";
import { Recorder } from "../../../../runner/run/recorder.js";
import type { WireRun } from "../../../../runner/run/run-state.js";

let server: UdpListener;
afterEach(() => server.close());

const HERE: Address = { address: "127.0.0.1", family: 4 };
/** An address of this machine where nothing listens. */
const ELSEWHERE: Address = { address: "127.0.0.9", family: 4 };

async function ask(addresses: readonly Address[], read: (datagram: Buffer) => string) {
  server = await listenUdp((request, send) => send(request), { port: 0 });
  const run = { recorder: new Recorder(null), deadline: new Deadline(20_000, undefined), targets: null } as WireRun;
  const target = { host: "127.0.0.1", port: server.port, address_family: "any", connect_timeout_ms: 1000 } as const;
  const peer = new UdpPeer(run, target, addresses);
  const outcome = peer.ask({ name: "ASK", phase: "query", query: () => Buffer.from("hello"), read, timeoutMs: 10_000 });
  return { outcome, recorder: run.recorder };
}

test("the next address is asked if one is closed", async () => {
  const { outcome, recorder } = await ask([ELSEWHERE, HERE], String);
  expect(await outcome).toMatchObject({ reply: "hello" });
  expect(recorder.ipAddress).toBe("127.0.0.1");
});

test("an error that is no failure is thrown as it is, and no further address is asked", async () => {
  const { outcome, recorder } = await ask([HERE, ELSEWHERE], () => {
    throw new TypeError("a bug in a parser");
  });
  await expect(outcome).rejects.toThrow(TypeError);
  expect(recorder.ipAddress).toBe("127.0.0.1");
  expect(recorder.operations[0]?.duration_ms).not.toBeNull();
});

test("a reply that breaks the protocol is a failure, and no further address is asked", async () => {
  const { outcome, recorder } = await ask([HERE, ELSEWHERE], () => {
    throw failureError("query", "protocol_violation", "not a reply");
  });
  await expect(outcome).rejects.toThrow("not a reply");
  expect(recorder.ipAddress).toBe("127.0.0.1");
});
