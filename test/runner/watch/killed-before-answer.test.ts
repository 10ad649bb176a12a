import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { History } from "../../../runner/history/history.js";
import type { IncidentEvent } from "../../../schemas/incident-event.js";
import { startWatchProgram } from "./watch-program.js";
import { startSwitch } from "./watching.js";

/** Case 2 of the ten hard cases of watching.md, section 9. */

const folder = mkdtempSync(join(tmpdir(), "probe-run-answer-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A receiver that reads the first notification to its end and never answers it. */
async function startSilentReceiver(silent: number) {
  const taken: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      taken.push(body);
      if (taken.length > silent) response.end("thank you\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, taken, close };
}

test("2. killed between the commit of a change and the webhook's answer: it is sent once more, with the same id and the same words", {
  timeout: 120_000,
}, async () => {
  const site = await startSwitch();
  const receiver = await startSilentReceiver(1);
  site.down.add("/");
  const usual = `watch: { every: 1s, fire_after: 1, clear_after: 1, notify: [{ to: "${receiver.url}" }] }`;
  writeFileSync(join(folder, "checks.yaml"), `name: killed\n${usual}\nchecks:\n  - { probe: webapp.http, name: front, input: { url: "${site.origin}/" } }\n`);
  const words = ["checks.yaml", "--history", "history.db"];

  const first = await startWatchProgram(words, folder);
  await expect.poll(() => receiver.taken.length, { timeout: 60_000 }).toBe(1);
  await first.kill();
  // The change is stored, and it is not known whether it was taken.
  const history = new History(join(folder, "history.db"));
  expect(history.driver.prepare("SELECT closed_at FROM incidents").all()).toEqual([{ closed_at: null }]);
  expect(history.outbox.waiting()).toBe(1);
  history.close();

  const second = await startWatchProgram(words, folder);
  await expect.poll(() => receiver.taken.length, { timeout: 60_000 }).toBe(2);
  expect(receiver.taken[1]).toBe(receiver.taken[0]);
  site.down.clear();
  await expect.poll(() => receiver.taken.length, { timeout: 60_000 }).toBe(3);
  // The incident goes on for a while: the opening is not sent a third time.
  const events = receiver.taken.map((text) => JSON.parse(text) as IncidentEvent);
  expect(events.map(({ data }) => data.kind)).toEqual(["error", "error", "recovered"]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  await second.kill();
  await Promise.all([site.close(), receiver.close()]);
});
