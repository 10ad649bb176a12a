import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EventDeliveryError } from "../../../../runner/delivery/service/event-delivery-error.js";
import type { Channel } from "../../../../runner/queue/backend.js";
import { consume } from "../../../../runner/queue/consume.js";
import { openQueue } from "../../../../runner/queue/queue.js";
import { signature } from "../../../../runner/queue/webhook/headers.js";
import type { DeliveryEvent } from "../../../../schemas/delivery-event.js";
import { closeAfterEach, closing, internet, mail, only, service } from "../../../support/delivery.js";
import type { FakeInternet } from "../../../support/fake-internet.js";
import { probeRun } from "../../cli/command-line.js";

closeAfterEach();

let folder: string;
let url: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-events-"));
  url = `sqlite:${join(folder, "events.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true }));

const rcpt = (address: string): string => (address.startsWith("gone") ? "550 5.1.1 User unknown" : "250 2.1.5 OK");
const net = (): Promise<FakeInternet> => internet("one MX 10 mx", { mx: ["127.0.0.11", { rcpt }] });

async function stored(): Promise<DeliveryEvent[]> {
  const queue = await openQueue(url);
  const events: DeliveryEvent[] = [];
  for await (const { event, ack } of consume(queue, { drain: true })) {
    events.push(event as DeliveryEvent);
    await ack();
  }
  await queue.close();
  return events;
}

/** An address that answers each post with the next of these, and then with 204. */
async function webhook(...answers: number[]): Promise<{ address: string; posts: { body: string; headers: Record<string, unknown> }[] }> {
  const posts: { body: string; headers: Record<string, unknown> }[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    posts.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
    response.writeHead(answers.shift() ?? 204).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closing({
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, posts };
}

describe("events in a queue", () => {
  test("are stored, one per recipient, when send() resolves", async () => {
    const delivery = service(await net(), { events: url });
    const report = await delivery.send(mail(["bob@one.example", "gone@one.example"], { id: "order-17" }));
    const events = await stored();
    expect(events.map(({ type, id, subject }) => [type, id, subject])).toEqual([
      ["probe-run.delivery", "order-17:0:1:delivered", "bob@one.example"],
      ["probe-run.delivery", "order-17:1:1:bounced", "gone@one.example"],
    ]);
    expect(events[1]?.data).toEqual({
      delivery_id: "order-17",
      message_id: "<1@sender.example>",
      mail_from: "ada@sender.example",
      address: "gone@one.example",
      outcome: "bounced",
      class: "address",
      way: "direct",
      site: report.recipients[1]?.site,
      host: "mx.example",
      code: 550,
      enhanced_code: "5.1.1",
      message: "User unknown",
      said_by: "mail_host",
      tries: 1,
      next: "correct_the_address",
      next_try_at: null,
      gives_up_at: null,
    });
  });

  test("of one message are stored once, however often they are sent", async () => {
    const delivery = service(await net(), { events: url });
    await delivery.send(mail("bob@one.example", { id: "a" }));
    await delivery.send(mail("bob@one.example", { id: "a" }));
    await delivery.send(mail("bob@one.example"));
    await delivery.send(mail("bob@one.example"));
    expect(await stored()).toHaveLength(3);
  });

  test("are forwarded by consume, like results", async () => {
    await service(await net(), { events: url }).send(mail("bob@one.example", { id: "a" }));
    const { out, code } = await probeRun(["consume", "--queue", url, "--drain"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: "probe-run.delivery", id: "a:0:1:delivered", data: { outcome: "delivered" } });
  });

  test("are posted by consume, signed, and retried until they are accepted", async () => {
    const { address, posts } = await webhook(503);
    await service(await net(), { events: url }).send(mail("bob@one.example", { id: "a" }));
    const env = { PROBE_RUN_WEBHOOK_SECRET: "correct-horse" };
    const { code } = await probeRun(["consume", "--queue", url, "--drain", "--post", address, "--backoff", "1"], { env });
    expect(code).toBe(1);
    expect(posts.map(({ body }) => (JSON.parse(body) as DeliveryEvent).id)).toEqual(["a:0:1:delivered", "a:0:1:delivered"]);
    const { body, headers } = posts[1] as (typeof posts)[number];
    expect(headers["probe-run-signature"]).toBe(signature(["correct-horse"], Number(headers["probe-run-timestamp"]), body));
  });

  test("other events go to the dead-letter queue", async () => {
    const queue = await openQueue(url);
    const body = JSON.stringify({ specversion: "1.0", id: "x", source: "elsewhere", type: "probe-run.delivery", data: { address: "a@one.example" } });
    await queue.results.push([{ id: "x", body, key: null, priority: 0, delayMs: 0 }]);
    expect(await stored()).toEqual([]);
    const channel = queue.results as Channel;
    expect((await channel.deadLetters(10)).map(({ failure }) => failure)).toEqual([
      expect.objectContaining({ reason: "poisoned", message: expect.stringContaining("it is not a delivery event: /data") }),
    ]);
    await queue.close();
  });
});

describe("events for a webhook or a function", () => {
  test("arrive before send() resolves, and a failure is reported and retried", async () => {
    const { address, posts } = await webhook();
    await service(await net(), { events: `${address}#unsigned=true` }).send(mail("bob@one.example"));
    expect(posts).toHaveLength(1);
    const heard: string[] = [];
    const troubles: string[] = [];
    const delivery = service(await net(), {
      onTrouble: (error) => troubles.push((error as Error).message),
      events: async ({ data }) => {
        heard.push(data.address);
        if (heard.length === 2) throw new Error("not now");
      },
    });
    await delivery.send(mail(["a@one.example", "b@one.example", "c@one.example"]));
    expect(heard).toEqual(["a@one.example", "b@one.example", "b@one.example", "c@one.example"]);
    expect(troubles).toEqual(["the function for events failed: not now"]);
  });

  test("that are refused make send() reject with the report: the message was sent", async () => {
    const internet = await net();
    const { address } = await webhook(400);
    const sending = service(internet, { events: `${address}#unsigned=true` }).send(mail("bob@one.example"));
    const error = await sending.catch((reason: unknown) => reason as EventDeliveryError);
    expect(error).toBeInstanceOf(EventDeliveryError);
    const [report] = (error as EventDeliveryError).reports;
    expect(only(report as NonNullable<typeof report>).outcome).toBe("delivered");
    expect((error as EventDeliveryError).message).toContain("do not send them again");
    expect(internet.host("mx").messages).toHaveLength(1);
  });

  test("a target that accepts nothing is abandoned after a time, and a list of messages keeps all its reports", async () => {
    const delivery = service(await net(), {
      events_timeout_ms: 300,
      events: ({ data }) => {
        if (data.address.startsWith("b")) throw new Error("never");
      },
    });
    const error = await delivery.sendBulk([mail("a@one.example"), mail("b@one.example"), mail("c@one.example")]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EventDeliveryError);
    expect((error as EventDeliveryError).reports.map((report) => only(report).address)).toEqual(["a@one.example", "b@one.example", "c@one.example"]);
  });

  test("for a function that never ends are abandoned, too", async () => {
    const delivery = service(await net(), { events_timeout_ms: 100, events: () => new Promise(() => undefined) });
    await expect(delivery.send(mail("bob@one.example"))).rejects.toThrow("it did not end within 100 ms");
  });

  test("if the target cannot be opened, the message is not sent", async () => {
    const internet = await net();
    await expect(service(internet, { events: "carrier-pigeon:coop" }).send(mail("bob@one.example"))).rejects.toThrow("unsupported queue URL");
    expect(internet.host("mx").connections).toEqual([]);
  });

  test("are sent for messages that the end of the service cancels", async () => {
    const silent = await internet("one MX 10 mx", { mx: ["127.0.0.11", { silentAt: "rcpt" }] });
    const heard: string[] = [];
    const delivery = service(silent, { events: ({ data }) => void heard.push(`${data.outcome} ${data.message}`) });
    const sending = delivery.send(mail("bob@one.example"));
    await expect.poll(() => silent.host("mx").connections[0]?.length ?? 0).toBeGreaterThan(2);
    await delivery.close();
    expect(heard).toEqual([expect.stringContaining("failed")]);
    await sending;
  });

  test("have an id of at most 128 characters", async () => {
    await expect(service(await net()).send(mail("bob@one.example", { id: "x".repeat(129) }))).rejects.toMatchObject({ violations: [{ pointer: "/id" }] });
  });
});

test("a message that arrives while a service closes is not sent", async () => {
  const internet = await net();
  const delivery = service(internet);
  const sending = delivery.send(mail("bob@one.example"));
  await delivery.close();
  await expect(sending).rejects.toThrow("has been closed");
  expect(internet.host("mx").connections).toEqual([]);
});
