import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import lab from "../../../probes/mail.roundtrip/lab.js";
import type { Output } from "../../../probes/mail.roundtrip/schema.js";
import type { RunningLab } from "../../../runner/harness/define-lab.js";
import { runReport } from "../../../runner/harness/run.js";
import { normalise } from "../../support/normalise.js";

const FOLDER = new URL("../../../fixtures/mail.roundtrip/1.0.0/", import.meta.url);
/** Set it to rewrite the goldens; read the difference before you commit it. */
const update = process.env.UPDATE_GOLDENS === "1";
const NAMES = readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ""));

let running: RunningLab;
beforeAll(async () => {
  running = await lab.start(() => 0);
});
afterAll(() => running.close());

test("every server of the lab has its golden", () => {
  expect(running.servers.map(({ name }) => name).sort()).toEqual(NAMES);
});

test.each(NAMES)("the whole output of the lab's %s", async (name) => {
  const server = running.servers.find((each) => each.name === name);
  const { envelope } = await runReport("mail.roundtrip@1.0.0", server?.input);
  const golden = plain(envelope.output as Output);
  const file = new URL(`${name}.json`, FOLDER);
  if (update) writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
  else expect(golden).toEqual(JSON.parse(readFileSync(file, "utf8")));
});

/** What is drawn by lot is made equal. How often was looked, and when, depends on the machine: each step stands once, in the alphabet's order. */
function plain(output: Output): unknown {
  const { token, message_id: id, operations } = output;
  const steps = [...new Set(operations.map(({ name }) => name))].sort();
  const text = JSON.stringify({ ...output, operations: steps, receive: { ...output.receive, searches: 0 } })
    .replaceAll(token, "abc123")
    .replaceAll(id, "<1@example.org>")
    .replaceAll(/ id \w+/g, " id 1")
    .replaceAll(/"id":"\w+"/g, '"id":"1"')
    .replaceAll(/(taken|size_bytes|uid_validity)(, |":)\d+/g, "$1$20")
    // Dates in messages are whole seconds.
    .replaceAll(/("delay_to_next_seconds":)\d+,"share_percent":(\d+|null)/g, '$10,"share_percent":100');
  return normalise(JSON.parse(text), output.send.port);
}
