import { afterEach } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions, type MailToSend } from "../../runner/delivery/create-delivery.js";
import { IN_MEMORY } from "../../runner/sqlite/store-path.js";
import type { DeliveryRecipient, DeliveryReport } from "../../schemas/delivery-report.js";
import { type FakeHosts, type FakeInternet, startFakeInternet } from "./fake-internet.js";

export const MESSAGE =
  "From: Ada <ada@sender.example>\r\nTo: bob@one.example\r\nSubject: Hello\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\n\r\nHello, Bob.\r\n.a line with a dot\r\n";

const open: { close(): Promise<unknown> }[] = [];

/** Closes what a test has opened, in each file that uses the helpers below. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
}

export function closing<Thing extends { close(): Promise<unknown> }>(thing: Thing): Thing {
  open.push(thing);
  return thing;
}

export async function internet(zone: string, hosts: FakeHosts, names?: Parameters<typeof startFakeInternet>[2]): Promise<FakeInternet> {
  return closing(await startFakeInternet(zone, hosts, names));
}

/** Settings of the service, or the probe, for a fake internet, with short timeouts. */
export function inside({ port, servers }: FakeInternet) {
  return {
    helo_domain: "sender.example",
    mx_port: port,
    allow_private_addresses: true,
    resolver: { servers: [...servers] as string[] },
    query_timeout_ms: 200,
    lookup_timeout_ms: 500,
    connect_timeout_ms: 1000,
    command_timeout_ms: 1000,
    timeout_ms: 10_000,
  };
}

export function service(net: FakeInternet, options: DeliveryOptions = {}): Delivery {
  return closing(createDelivery({ env: {}, routes: IN_MEMORY, ...inside(net), ...options }));
}

export function mail(recipients: string | readonly string[], more: Partial<MailToSend> = {}): MailToSend {
  return { mail_from: "ada@sender.example", recipients: typeof recipients === "string" ? [recipients] : recipients, message: MESSAGE, ...more };
}

/** The first recipient of a report. */
export function only({ recipients }: DeliveryReport): DeliveryRecipient {
  return recipients[0] as DeliveryRecipient;
}
