import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/network.snmp/schema.js";
import { childrenOf, elementAt } from "../../../runner/asn1/decode-ber.js";
import { integer, objectIdentifier, octets, sequence } from "../../../runner/asn1/encode-der.js";
import { run } from "../../../runner/harness/run.js";
import { startSnmpAgent } from "../../../runner/lab/snmp-agent.js";
import { listenUdp } from "../../../runner/net/udp/listen.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function ask(port: number, input: object = {}): Promise<Output> {
  return (await run("network.snmp", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 3000, ...input } as never)).output as Output;
}

type Reply = { id?: Buffer; error?: number; index?: number; variables: Buffer };

/** An agent of version 2c whose replies are made by hand. */
async function scripted(reply: (id: Buffer) => Reply | Buffer | readonly (Reply | Buffer)[]): Promise<number> {
  const server = await listenUdp((datagram, send) => {
    const [version, community, pdu] = childrenOf(elementAt(datagram));
    const id = childrenOf(pdu as never)[0]?.bytes as Buffer;
    for (const each of [reply(id)].flat() as (Reply | Buffer)[]) {
      if (Buffer.isBuffer(each)) send(each);
      else {
        const response = sequence(each.id ?? id, integer(each.error ?? 0), integer(each.index ?? 0), sequence(each.variables));
        response[0] = 0xa2;
        send(sequence(version?.bytes as Buffer, community?.bytes as Buffer, response));
      }
    }
  });
  open.push(server);
  return server.port;
}

const variable = (oid: string, value: Buffer): Buffer => sequence(objectIdentifier(oid), value);
const tagged = (tag: number, bytes: number[]): Buffer => Buffer.from([tag, bytes.length, ...bytes]);
const OID = "1.3.6.1.2.1.1.1.0";

/** RFC 2578 and RFC 3416: each type, as agents write it. */
test.each<[what: string, value: Buffer, expected: object]>([
  ["a negative integer", integer(-129), { type: "integer", value: -129 }],
  ["text", octets(Buffer.from("Grüße")), { type: "octet_string", value: "Grüße" }],
  ["bytes", octets(Buffer.from([0, 0x1b, 0xc0])), { type: "octet_string", value: "001bc0", hex: "001bc0" }],
  ["an address", tagged(0x40, [192, 0, 2, 1]), { type: "ip_address", value: "192.0.2.1" }],
  ["the largest counter32", tagged(0x41, [0, 255, 255, 255, 255]), { type: "counter32", value: 4294967295 }],
  ["a gauge without its leading zero", tagged(0x42, [255, 255, 255, 255]), { type: "gauge32", value: 4294967295 }],
  ["timeticks", tagged(0x43, [1, 0]), { type: "timeticks", value: 256 }],
  ["the largest counter64", tagged(0x46, [0, 255, 255, 255, 255, 255, 255, 255, 255]), { type: "counter64", value: "18446744073709551615" }],
  ["an object identifier", objectIdentifier("1.3.6.1.4.1.8072.3.2.10"), { type: "object_identifier", value: "1.3.6.1.4.1.8072.3.2.10" }],
  ["null", Buffer.from([5, 0]), { type: "null", value: null }],
])("%s", async (_, value, expected) => {
  expect(await ask(await scripted(() => ({ variables: variable(OID, value) })), { get: [OID] })).toMatchObject({
    status: "ok",
    values: [{ oid: OID, ...expected }],
  });
});

describe("what agents do wrong", () => {
  test("a reply to another request is passed over", async () => {
    const right = { variables: variable(OID, integer(1)) };
    expect(await ask(await scripted(() => [{ ...right, id: integer(1), variables: variable(OID, integer(7)) }, right]), { get: [OID] })).toMatchObject({
      values: [{ value: 1 }],
    });
  });

  test("a walk that does not advance ends", async () => {
    const port = await scripted(() => ({ variables: variable(OID, integer(1)) }));
    expect(await ask(port, { walk: ["1.3.6.1.2.1.1"] })).toMatchObject({
      status: "error",
      failure: { code: "protocol_violation", message: expect.stringContaining("does not advance") },
    });
  });

  test.each<[what: string, datagram: Buffer]>([
    ["text", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["an indefinite length", Buffer.from([0x30, 0x80, 2, 1, 1, 0, 0])],
    ["a length beyond the datagram", Buffer.from([0x30, 0x84, 0x7f, 255, 255, 255, 2, 1])],
    ["nothing", Buffer.alloc(0)],
  ])("%s is no SNMP", async (_, datagram) => {
    expect(await ask(await scripted(() => datagram))).toMatchObject({ failure: { code: "protocol_violation" } });
  });

  test("genErr is the agent's refusal", async () => {
    const port = await scripted(() => ({ error: 5, index: 1, variables: variable(OID, integer(1)) }));
    expect(await ask(port, { get: [OID] })).toMatchObject({ failure: { code: "reply_rejected", message: "the agent answers genErr for object 1" } });
  });

  test("after tooBig the objects are requested one by one", async () => {
    let requests = 0;
    const server = await startSnmpAgent({ [OID]: "a", "1.3.6.1.2.1.1.5.0": "b" });
    open.push(server);
    const port = await scripted((id) => ({ id, error: ++requests === 1 ? 1 : 5, variables: Buffer.alloc(0) }));
    expect(await ask(port, { get: [OID, "1.3.6.1.2.1.1.5.0"] })).toMatchObject({ failure: { message: "the agent answers genErr" } });
    expect(requests).toBe(2);
  });

  test("a closed port is reported at once", async () => {
    const server = await startSnmpAgent({});
    await server.close();
    expect(await ask(server.port, { command_timeout_ms: 20_000 })).toMatchObject({ failure: { phase: "query", code: "refused" } });
  });
});

test.each<[what: string, input: object, pointers: string[]]>([
  ["version 3 without a user", { version: "3" }, ["/user"]],
  ["a user of version 2c", { user: { name: "ann" } }, ["/user"]],
  ["encryption without authentication", { version: "3", user: { name: "ann", privacy_password: "battery-staple" } }, ["/user"]],
  ["a name instead of numbers", { get: ["sysDescr.0"] }, ["/get/0"]],
])("%s is refused, and nothing is sent", async (_, input, pointers) => {
  const error = await ask(1, input).catch((reason: { violations: { pointer: string }[] }) => reason);
  expect((error as { violations: { pointer: string }[] }).violations.map(({ pointer }) => pointer.split("/").slice(0, 3).join("/"))).toEqual(
    expect.arrayContaining([expect.stringContaining(pointers[0] as string)]),
  );
});
