import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runReport } from "../../../runner/harness/run.js";
import { probeRun } from "./command-line.js";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "probe-run-import-"));
});
afterEach(() => rm(cwd, { recursive: true }));

const suppress = (...argv: string[]) => probeRun(["suppress", ...argv], { cwd });

async function importing(...lines: readonly unknown[]) {
  await writeFile(join(cwd, "events.jsonl"), lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return suppress("import", "events.jsonl", "--json");
}

async function listed(): Promise<string[]> {
  const all = JSON.parse((await suppress("list", "--json")).out) as { target: string; reason: string; detail: string | null }[];
  return all.map(({ target, reason, detail }) => `${target} ${reason} ${detail}`).sort();
}

/** A report as a mail server sends it. */
function bounce(recipient: string, status: string, diagnostic: string): string {
  return `From: MAILER-DAEMON@mx.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ${recipient}
Action: failed
Status: ${status}
Diagnostic-Code: smtp; ${diagnostic}
--b--
`;
}

function complaint(type: string, recipient: string): string {
  return `From: feedback@isp.example
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: ${type}
User-Agent: Loop/1.0
Version: 1
Original-Rcpt-To: <${recipient}>
--b
Content-Type: message/rfc822

From: ada@sender.example
Subject: hello

hello
--b--
`;
}

const read = async (message: string) => (await runReport("mail.bounce", { message })).envelope;

describe("import of bounces and complaints", () => {
  test("suppresses recipients that can never be delivered to, or have opted out", async () => {
    const gone = await read(bounce("gone@example.net", "5.1.1", "550 5.1.1 User unknown"));
    const full = await read(bounce("full@example.net", "5.2.2", "552 5.2.2 mailbox full"));
    const angry = await read(complaint("abuse", "angry@example.net"));
    const done = await read(complaint("opt-out", "done@example.net"));
    const happy = await read(complaint("not-spam", "happy@example.net"));
    const { code, out, err } = await importing(gone, full, angry, done.output, happy);
    expect([code, err]).toEqual([0, expect.stringMatching(/^created the delivery ledger .*delivery\.db\n$/)]);
    expect(JSON.parse(out)).toEqual({ lines: 5, bounces: 1, complaints: 1, unsubscribes: 1, added: 3, without: 2, not_understood: 0 });
    expect(await listed()).toEqual([
      "angry@example.net complaint abuse report of Loop/1.0",
      "done@example.net unsubscribe opt-out report of Loop/1.0",
      "gone@example.net bounce 550 5.1.1 User unknown",
    ]);
    expect((await suppress("import", "events.jsonl")).out).toBe(
      "5 results: 1 bounce, 1 complaint, 1 unsubscribe; 0 added, 3 already on the list; 2 results ignored\n",
    );
  });

  test("can come from stdin, as events, and for a limited time", async () => {
    const { queue } = await read(bounce("gone@example.net", "5.1.1", "550 5.1.1 User unknown"));
    const event = { specversion: "1.0", id: "1", source: "probe-run", type: "probe-run.result", subject: "mail.bounce@1.0.0", data: queue };
    const { out } = await probeRun(["suppress", "import", "-", "--days", "30"], { cwd, stdin: `${JSON.stringify(event)}\n` });
    expect(out).toContain("1 bounce,");
    expect(JSON.parse((await suppress("list", "--json")).out)).toMatchObject([{ target: "gone@example.net", until: expect.stringMatching(/Z$/) }]);
  });
});

const RECIPIENT = {
  outcome: "bounced",
  class: "address",
  code: 550,
  enhanced_code: "5.1.1",
  message: "unknown",
  said_by: "mail_host",
  next: "correct_the_address",
};

describe("the outcome of a delivery", () => {
  test("has the same effect as a result and as an event", async () => {
    const recipients = [
      { ...RECIPIENT, address: "gone@example.net" },
      { ...RECIPIENT, address: "late@example.net", next: "may_be_tried" },
      { ...RECIPIENT, address: "no address", said_by: "us" },
      { ...RECIPIENT, address: "policy@example.net", class: "policy" },
      { ...RECIPIENT, address: "there@example.net", outcome: "delivered", class: null },
    ];
    const event = {
      specversion: "1.0",
      id: "1",
      source: "probe-run",
      type: "probe-run.delivery",
      data: { ...RECIPIENT, address: "off@example.net", class: "mailbox_disabled" },
    };
    const { out } = await importing({ recipients, attempts: [] }, event);
    expect(JSON.parse(out)).toMatchObject({ lines: 2, bounces: 2, added: 2, not_understood: 0 });
    expect(await listed()).toEqual(["gone@example.net bounce 550 5.1.1 unknown", "off@example.net bounce 550 5.1.1 unknown"]);
  });
});

describe("JSON over several lines", () => {
  const envelope = async () => (await probeRun(["mail.bounce", "--lab=unknown-user"])).out;

  test("as mail.bounce prints an envelope, or an array of them", async () => {
    const one = await envelope();
    expect(one.split("\n").length).toBeGreaterThan(10);
    for (const text of [one, `[${one},\n${one}]\n`]) {
      const { code, out } = await importing(text);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ not_understood: 0, lines: text === one ? 1 : 2 });
    }
    expect(await listed()).toHaveLength(1);
    expect(await suppress("import", "events.jsonl")).toMatchObject({ code: 0, out: expect.stringMatching(/^2 results: 2 bounces, 0 complaints, /) });
  });
});

describe("an invalid line", () => {
  test("is reported by its number, and does not affect the others", async () => {
    const { code, out, err } = await importing(
      "{",
      { something: "else" },
      '"text"',
      { recipients: [{ ...RECIPIENT, address: "@example.net" }] },
      { recipients: [{ ...RECIPIENT, address: "gone@example.net" }] },
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ lines: 5, added: 1, not_understood: 4 });
    expect(err).toContain("line 1 is not a result of mail.bounce or mail.deliver, nor a delivery event");
    expect(err).toContain('line 4: "@example.net" is not a valid address');
    expect(await listed()).toHaveLength(1);
  });

  test("a missing file, and two files, are rejected", async () => {
    expect(await suppress("import", "nowhere.jsonl")).toMatchObject({ code: 2, err: expect.stringContaining("there is no file") });
    expect(await suppress("import", "a", "b")).toMatchObject({ code: 2, err: expect.stringContaining('unexpected argument "b"') });
  });
});
