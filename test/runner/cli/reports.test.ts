import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { LAB_ACCOUNT, startImapServer } from "../../../runner/lab/imap-server.js";
import { MailStore } from "../../../runner/lab/store/mail-store.js";
import { startDovecot } from "../../support/dovecot.js";
import { realServer } from "../../support/real-servers.js";
import { probeRun } from "./command-line.js";

const TLS = readFileSync(new URL("../../../fixtures/mail.report/rfc8460.json", import.meta.url), "utf8");

interface Row {
  readonly ip: string;
  readonly count: number;
  readonly passes: boolean;
  readonly as?: string;
}

/** A report of a receiver for one day, counted from the first of November. */
function aggregate(receiver: string, day: number, rows: readonly Row[], domain = "example.org"): string {
  const begin = Date.UTC(2026, 10, day) / 1000;
  const records = rows.map(
    ({ ip, count, passes, as = "list.example" }) =>
      `<record><row><source_ip>${ip}</source_ip><count>${count}</count><policy_evaluated><disposition>${passes ? "none" : "reject"}</disposition><dkim>fail</dkim><spf>${passes ? "pass" : "fail"}</spf></policy_evaluated></row><identifiers><header_from>${domain}</header_from></identifiers><auth_results><spf><domain>${passes ? domain : as}</domain><result>pass</result></spf></auth_results></record>`,
  );
  return `<feedback><report_metadata><org_name>${receiver}</org_name><report_id>${receiver}-${day}</report_id><date_range><begin>${begin}</begin><end>${begin + 86_399}</end></date_range></report_metadata><policy_published><domain>${domain}</domain><p>reject</p></policy_published>${records.join("")}</feedback>`;
}

function message(report: string, subject = "Report Domain: example.org"): string {
  const body = gzipSync(report).toString("base64").replace(/.{76}/g, "$&\r\n");
  return `From: dmarc@receiver.example\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`;
}

const GOOD = { ip: "192.0.2.1", count: 100, passes: true };
const BAD = { ip: "198.51.100.9", count: 7, passes: false };
const FIRST = aggregate("one.example", 1, [GOOD, BAD]);
const SECOND = aggregate("two.example", 2, [{ ...BAD, count: 3 }]);
const THIRD = aggregate("one.example", 3, [GOOD]);

const root = mkdtempSync(join(tmpdir(), "probe-run-reports-"));
let cwd: string;
const open: { close(): unknown }[] = [];
beforeEach(() => {
  cwd = mkdtempSync(join(root, "case-"));
});
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});
afterAll(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(join(cwd, path, ".."), { recursive: true });
  writeFileSync(join(cwd, path), content);
}

async function sumsOf(...argv: string[]): Promise<{ code: number; err: string; domains: Record<string, never>[]; [name: string]: unknown }> {
  const { code, out, err } = await probeRun(["reports", ...argv, "--json"], { cwd });
  return { code, err, ...JSON.parse(out) };
}

/** The totals of the three reports, however they are stored. */
const TOTALS = { total: 210, pass: 200, fail: 10, spf_aligned: 200, dkim_aligned: 0, delivered: 200, quarantined: 0, rejected: 10, overridden: 0 };

describe("probe-run reports", () => {
  test("sums up a folder by domain and source, and a report that came twice counts once", async () => {
    put("a.xml", FIRST);
    put("sub/b.xml.gz", gzipSync(SECOND));
    put("sub/deep/c.eml", message(THIRD));
    put("again.eml", message(FIRST));
    put("tls.json", TLS);
    const { code, domains, read, duplicates } = await sumsOf(".");
    expect({ code, read, duplicates }).toEqual({ code: 0, read: 4, duplicates: 1 });
    expect(domains.map(({ domain }) => domain)).toEqual(["company-y.example", "example.org"]);
    expect(domains[0]).toMatchObject({ tls_reports: 1, tls: { successful: 5333, failed: 303 } });
    expect(domains[1]).toMatchObject({ reports: 3, begin: "2026-11-01T00:00:00Z", end: "2026-11-03T23:59:59Z", policies: ["reject"], messages: TOTALS });
    expect(domains[1]?.sources).toMatchObject([
      { ip: "198.51.100.9", messages: 10, fail: 10, rejected: 10, authenticated: ["list.example"], receivers: ["one.example", "two.example"] },
      { ip: "192.0.2.1", messages: 200, pass: 200, spf_aligned: 200, receivers: ["one.example"] },
    ]);
  });

  test("a table for people: those that fail first", async () => {
    put("a.xml", FIRST);
    put("tls.json", TLS);
    const { code, out, err } = await probeRun(["reports", "."], { cwd });
    expect(code).toBe(0);
    expect(out).toContain("example.org   2026-11-01 to 2026-11-01 · 1 aggregate report · from 1 receiver · p=reject");
    expect(out).toContain("  107 messages, 100 passed DMARC, 7 failed, 0 quarantined, 7 rejected\n");
    expect(out).toMatch(/^ {2}SOURCE +MESSAGES +PASS +FAIL +SPF +DKIM +QUARANTINED +REJECTED +AUTHENTICATED AS$/m);
    expect(out).toMatch(/^ {2}198\.51\.100\.9 +7 +0 +7 +0 +0 +0 +7 +list\.example\n {2}192\.0\.2\.1 +100 +100 +0 +100 +0 +0 +0 +example\.org$/m);
    expect(out).toMatch(/^ {2}200 +starttls-not-supported +mx2\.mail\.company-y\.example +Company-X$/m);
    expect(err).toBe("2 reports read\n");
  });

  test("broken files are named with their reasons, and the others are read", async () => {
    put("broken.xml", "<feedback><record>");
    put("cut.xml.gz", gzipSync(FIRST).subarray(0, 60));
    put("bomb.gz", gzipSync(Buffer.alloc(40 * 1024 * 1024), { level: 1 }));
    put("note.eml", "From: a@example.org\n\nHello.\n");
    put("good.xml", FIRST);
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    const { code, err, read, unreadable, without_report: others } = await sumsOf(".", "pipe");
    expect({ code, read }).toEqual({ code: 1, read: 1 });
    expect(unreadable).toEqual([
      { name: join(cwd, "bomb.gz"), reason: "the gzip file expands to more than 33554432 bytes" },
      { name: join(cwd, "broken.xml"), reason: "it is not well-formed XML: <record> is not closed" },
      { name: join(cwd, "cut.xml.gz"), reason: "the gzip file is damaged: unexpected end of file" },
      { name: join(cwd, "pipe"), reason: "it is not a regular file" },
    ]);
    expect(others).toEqual([join(cwd, "note.eml")]);
    expect(err).toContain("1 report read, 1 without a report, 4 that could not be read\n");
  });

  test("reads a Maildir without unfinished messages, and an mbox that is larger than one chunk", async () => {
    put("Maildir/new/1.a", message(FIRST));
    put("Maildir/cur/2.b:2,S", message(SECOND));
    put("Maildir/tmp/3.c", "unfinished");
    put("Maildir/dovecot.index", "an index");
    put("Maildir/.Old/cur/4.d:2,S", message(THIRD));
    put("Maildir/.Old/new/.keep", "");
    const maildir = await sumsOf("Maildir");
    expect(maildir).toMatchObject({ code: 0, read: 3, without_report: [] });
    const padding = `From: a@example.org\n\n${"x".repeat(70)}\n`.replace(/x+\n/, "x".repeat(70).concat("\n").repeat(8000));
    const mbox = [FIRST, SECOND, THIRD].map((report) => `From dmarc@receiver.example Fri Nov 20 10:00:00 2026\n${message(report).replaceAll("\r\n", "\n")}`);
    put("mbox", [mbox[0], `From a@example.org\n${padding}`, mbox[1], mbox[2]].join("\n"));
    const read = await sumsOf("mbox");
    expect(read).toMatchObject({ code: 0, read: 3, without_report: [`${join(cwd, "mbox")}, message 2`] });
    for (const { domains } of [maildir, read]) expect(domains[0]).toMatchObject({ messages: TOTALS });
  });

  test("--results: a second call reads only what is new, also after a line that was cut off", async () => {
    put("in/a.xml", FIRST);
    put("in/note.txt", "From: a@example.org\n\nHello.\n");
    expect(await sumsOf("in", "--results", "kept.jsonl")).toMatchObject({ code: 0, read: 1, earlier: 0 });
    appendFileSync(join(cwd, "kept.jsonl"), '{"key":"sha256:cut');
    put("in/b.xml", SECOND);
    expect(await sumsOf("in", "--results", "kept.jsonl")).toMatchObject({ code: 0, read: 1, earlier: 1, without_report: [] });
    put("in/c.eml", message(THIRD));
    rmSync(join(cwd, "in/a.xml"));
    const third = await sumsOf("in", "--results", "kept.jsonl");
    expect(third).toMatchObject({ code: 0, read: 1, earlier: 2 });
    expect(third.domains[0]).toMatchObject({ messages: TOTALS });
    put("other.txt", "no results\n");
    expect(await probeRun(["reports", "in", "--results", "other.txt"], { cwd })).toMatchObject({ code: 2 });
  });

  test("--html writes one page without script and requests, on which text of a report is text, and never over a file", async () => {
    put("a.xml", aggregate("&lt;script&gt;alert(1)&lt;/script&gt;", 1, [{ ...BAD, as: "&lt;img src=x&gt;" }]));
    const first = await probeRun(["reports", "a.xml", "--html", "page.html"], { cwd });
    expect(first.code).toBe(0);
    const page = readFileSync(join(cwd, "page.html"), "utf8");
    expect(page).toContain("&lt;img src=x&gt;");
    expect(page).not.toMatch(/<script|<img|(?:src|href)=["']/);
    expect(await probeRun(["reports", "a.xml", "--html", "page.html"], { cwd })).toMatchObject({ code: 2 });
    expect(readFileSync(join(cwd, "page.html"), "utf8")).toBe(page);
  });

  test("an interrupt ends the reading and shows what was read", async () => {
    put("a.xml", FIRST);
    put("b.xml", SECOND);
    const { code, err } = await probeRun(["reports", "."], { cwd, onStart: (interrupt) => interrupt() });
    expect({ code, err }).toEqual({ code: 130, err: "0 reports read\n" });
  });

  test("nothing to read, and a path that is not there, are wrong requests", async () => {
    expect(await probeRun(["reports"], { cwd })).toMatchObject({ code: 2 });
    expect(await probeRun(["reports", "nowhere"], { cwd })).toMatchObject({ code: 2 });
    put("mailbox.json", '{"host":"127.0.0.1"}');
    const { code, err } = await probeRun(["reports", "--imap", "mailbox.json"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("username");
  });
});

const LARGE = aggregate(
  "large.example",
  4,
  Array.from({ length: 20_000 }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}`, count: 1, passes: index % 7 > 0 })),
);

describe("probe-run reports --imap", () => {
  test("reads every message of a folder once, the large ones too, and a password that is wrong is named", async () => {
    const store = new MailStore();
    for (const each of [message(FIRST), "From: a@example.org\r\nSubject: hello\r\n\r\nHello.\r\n", message(LARGE), message(SECOND)])
      store.inbox.add(Buffer.from(each));
    const server = await startImapServer({ store });
    open.push(server);
    const mailbox = { host: "127.0.0.1", port: server.port, tls_mode: "none", ...LAB_ACCOUNT, auth: { allow_plaintext: true } };
    put("mailbox.json", JSON.stringify(mailbox));
    const first = await sumsOf("--imap", "mailbox.json", "--results", "kept.jsonl");
    expect(first).toMatchObject({ code: 0, read: 3, without_report: ["INBOX, message 2"] });
    expect(first.domains[0]).toMatchObject({ messages: { total: 20_110 } });
    store.inbox.add(Buffer.from(message(THIRD)));
    expect(await sumsOf("--imap", "mailbox.json", "--results", "kept.jsonl")).toMatchObject({ code: 0, read: 1, earlier: 3, without_report: [] });
    put("wrong.json", JSON.stringify({ ...mailbox, password: "another-password" }));
    const wrong = await sumsOf("--imap", "wrong.json");
    expect(wrong.code).toBe(1);
    expect(wrong.unreadable).toHaveLength(1);
    expect(JSON.stringify(wrong)).not.toContain("another-password");
  });
});

realServer("reports in a mailbox of dovecot", ["dovecot", "dovecot-imap"], () => {
  test("over TLS, with the password in the environment", async () => {
    const dovecot = await startDovecot();
    open.push({ close: () => dovecot.stop() });
    for (const each of [FIRST, SECOND, LARGE]) dovecot.put("alice", message(each));
    dovecot.put("alice", message(THIRD), { flags: "T" });
    process.env.PROBE_RUN_TEST_REPORTS = "correct-horse";
    put(
      "mailbox.json",
      JSON.stringify({
        host: dovecot.host,
        port: dovecot.imaps,
        username: "alice",
        password_secret: "PROBE_RUN_TEST_REPORTS",
        tls_options: { verify: "report" },
      }),
    );
    const { code, domains } = await sumsOf("--imap", "mailbox.json");
    delete process.env.PROBE_RUN_TEST_REPORTS;
    expect(code).toBe(0);
    expect(domains[0]).toMatchObject({ reports: 3, messages: { total: 20_110 } });
    // Nothing was changed: no message was marked as seen.
    expect(dovecot.messages("alice")).toHaveLength(4);
  });
});
