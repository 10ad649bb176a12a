import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { startMailSystem } from "../../../runner/lab/mail-system.js";
import { folder, probeRunTest } from "../../runner/vitest/probe-run-test.js";
import { certificate, certificatePath } from "../../support/certificates.js";

const page = readFileSync(new URL("../../../docs/mail.md", import.meta.url), "utf8");

/** The suite of docs/mail.md as it stands, against a lab in the place of its relay and its provider. */
async function runSuite(spam: boolean) {
  const [, yaml = ""] = /^```yaml\n(name: mail comes through\n.*?)^```$/ms.exec(page) ?? [];
  const tls = { certificate: certificate("localhost") };
  const system = await startMailSystem({
    smtp: { tls: "starttls", auth: { username: "monitor@example.org", password: "one-1" }, ...tls },
    imap: { tls: "implicit", auth: { username: "inbox@example.net", password: "two-2" }, ...tls },
    delivery: { folder: spam ? "Junk" : "INBOX" },
  });
  onTestFinished(() => system.close());
  const run = await probeRunTest(["roundtrip.yaml"], folder({ "roundtrip.yaml": yaml }), {
    SMTP_HOST: "localhost",
    SMTP_PORT: String(system.smtp.port),
    IMAP_HOST: "localhost",
    IMAP_PORT: String(system.imap.port),
    MONITOR_PASSWORD: "one-1",
    INBOX_PASSWORD: "two-2",
    NODE_EXTRA_CA_CERTS: certificatePath("authority"),
  });
  return { run, left: [...system.store.inbox.messages, ...system.store.junk.messages].length };
}

test("the check of docs/mail.md is fulfilled, and leaves nothing behind", async () => {
  const { run, left } = await runSuite(false);
  expect({ code: run.code, left }, run.out + run.err).toEqual({ code: 0, left: 0 });
}, 60_000);

test("it is not fulfilled by a message among the spam", async () => {
  const { run } = await runSuite(true);
  expect(run.code, run.out + run.err).toBe(1);
  expect(run.out + run.err).toMatch(/folder[\s\S]*INBOX[\s\S]*Junk/);
}, 60_000);
