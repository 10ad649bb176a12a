import { afterEach, describe, expect, test } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../../runner/delivery/create-delivery.js";
import { type FakeHosts, type FakeInternet, startFakeInternet } from "../../support/fake-internet.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const MESSAGE =
  "From: Ada <ada@sender.example>\r\nTo: bob@one.example\r\nSubject: Hello\r\nMessage-ID: <1@sender.example>\r\n\r\nHello, Bob.\r\n.a line with a dot\r\n";

async function internet(zone: string, hosts: FakeHosts): Promise<FakeInternet> {
  const started = await startFakeInternet(zone, hosts);
  open.push(started);
  return started;
}

function service({ port, servers }: FakeInternet, options: DeliveryOptions = {}): Delivery {
  const made = createDelivery({
    env: {},
    helo_domain: "sender.example",
    mx_port: port,
    allow_private_addresses: true,
    address_family: "ipv4",
    resolver: { servers: [...servers] },
    connect_timeout_ms: 1000,
    command_timeout_ms: 1000,
    timeout_ms: 8000,
    cache: "off",
    ...options,
  });
  open.push(made);
  return made;
}

describe("one message", () => {
  test("is taken", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", {}] });
    const report = await service(net).send({ mail_from: "ada@sender.example", recipients: ["bob@one.example"], message: MESSAGE });
    expect(report).toMatchObject({
      message_id: "<1@sender.example>",
      recipients: [{ outcome: "delivered", code: 250, host: "mx.example", said_by: "mail_host", next: "nothing" }],
    });
    expect(net.host("mx").messages).toEqual([{ from: "ada@sender.example", to: ["bob@one.example"], text: MESSAGE, isSecure: false }]);
    expect(report.attempts[0]?.operations.map(({ name, code }) => `${name} ${code}`)).toEqual([
      "connect null",
      "greeting 220",
      "EHLO 250",
      "MAIL 250",
      "RCPT 250",
      "DATA 354",
      "message 250",
    ]);
  });
});
