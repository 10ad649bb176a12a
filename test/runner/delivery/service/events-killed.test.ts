import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { consume } from "../../../../runner/queue/consume.js";
import { openQueue } from "../../../../runner/queue/queue.js";
import { childRunner } from "../../../support/child-run.js";
import { closeAfterEach, inside, internet, mail } from "../../../support/delivery.js";

closeAfterEach();

let folder: string;
const child = childRunner();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-events-killed-"));
});
afterAll(() => {
  child.remove();
  rmSync(folder, { recursive: true });
});

test("a service that is killed has stored the events of all acknowledged messages", async () => {
  const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { latencyMs: 2 }] });
  const events = `sqlite:${join(folder, "events.db")}`;
  const acknowledged = join(folder, "acknowledged");
  const body = `
    import { appendFileSync } from "node:fs";
    const delivery = createDelivery(${JSON.stringify({ env: {}, events, ...inside(net) })});
    let sent = 0;
    const work = async () => {
      for (;;) {
        const id = String(sent++);
        await delivery.send({ ...${JSON.stringify(mail("bob@one.example"))}, id });
        appendFileSync(${JSON.stringify(acknowledged)}, id + "\\n");
        if (Number(id) > 150) process.kill(process.pid, "SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: 20 }, work));`;
  await expect(child.eval(body)).rejects.toMatchObject({ signal: "SIGKILL" });
  const ids = readFileSync(acknowledged, "utf8").trimEnd().split("\n");
  expect(ids.length).toBeGreaterThan(100);
  const consumed: string[] = [];
  const queue = await openQueue(events);
  for await (const { event, ack } of consume(queue, { drain: true })) {
    consumed.push(event.id);
    await ack();
  }
  await queue.close();
  expect(ids.filter((id) => !consumed.includes(`${id}:0:1:delivered`))).toEqual([]);
  expect(new Set(consumed).size).toBe(consumed.length);
});
