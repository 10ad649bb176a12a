import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { type Postfix, startPostfix } from "../../support/postfix.js";
import { type Postgrey, startPostgrey } from "../../support/postgrey.js";
import { type RcptOutput, rcptInput } from "../../support/rcpt-behaviours.js";
import { realServer } from "../../support/real-servers.js";
import { startUnbound } from "../../support/unbound.js";

const MAILBOXES = "ada@example.org inbox/\nbob@example.org inbox/\nfull@example.org inbox/\ndisabled@example.org inbox/\n";
const SAID_OF_SOME =
  "full@example.org 552 5.2.2 Mailbox is full\ndisabled@example.org 550 5.2.1 Mailbox is disabled\n@blocked.example.net REJECT you are blocked\n";
const SENDERS = "nobody@refused.example.net REJECT we do not take your mail\n";

const verdictsOf = ({ results }: RcptOutput): string[] => results.map(({ reason, verdict }) => `${reason} ${verdict}`);

realServer("mail.rcpt asks postfix", ["postfix", "dovecot"], () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix({
      files: { mailboxes: MAILBOXES, recipients: SAID_OF_SOME, senders: SENDERS },
      settings: (etc) => ({
        virtual_mailbox_maps: `texthash:${etc}/mailboxes`,
        smtpd_recipient_restrictions: `check_recipient_access texthash:${etc}/recipients, permit`,
        smtpd_sender_restrictions: `check_sender_access texthash:${etc}/senders`,
        smtpd_delay_reject: "no",
        // As Debian ships it, errors cost time, and too many of them the connection: here a few are enough for both.
        smtpd_error_sleep_time: "1",
        smtpd_soft_error_limit: "6",
        smtpd_hard_error_limit: "10",
      }),
    });
  }, 30_000);
  afterAll(() => postfix?.stop());

  async function ask(port: number, input: Record<string, unknown>): Promise<RcptOutput> {
    return (await run("mail.rcpt@1.0.0", { ...rcptInput(port), timeout_ms: 60_000, ...input })).output as RcptOutput;
  }

  test("which verifies its mailboxes", async () => {
    const emails = ["ada@example.org", "nobody@example.org", "full@example.org", "disabled@example.org", "ADA@example.org", "ada@elsewhere.example"];
    const output = await ask(postfix.plain, { emails });
    expect(verdictsOf(output)).toEqual([
      "mailbox_exists valid",
      "mailbox_unknown invalid",
      "mailbox_full risky",
      "mailbox_disabled invalid",
      "mailbox_exists valid",
      "relay_denied unknown",
    ]);
    expect(output.results[1]).toMatchObject({ code: 550, enhanced_code: "5.1.1", matched: "postfix-unknown-user" });
    expect(output.attempts).toHaveLength(1);
  });

  test("over STARTTLS", async () => {
    const output = await ask(postfix.starttls, { email: "ada@example.org", tls: { mode: "starttls" } });
    expect(output).toMatchObject({ status: "ok", attempts: [{ tls: "secured" }], results: [{ verdict: "valid" }] });
  });

  test("which refuses the sender: the mailbox is unknown", async () => {
    const output = await ask(postfix.plain, { emails: ["ada@example.org", "nobody@example.org"], mail_from: "nobody@refused.example.net" });
    expect(output.results.map(({ verdict, category, decided_at: at }) => [verdict, category, at])).toEqual([
      ["unknown", "unknown", "mail"],
      ["unknown", "unknown", "mail"],
    ]);
  });

  test("which ends the connection after ten errors: no result is lost or wrong", async () => {
    const emails = Array.from({ length: 15 }, (_, index) => (index % 5 === 4 ? "ada@example.org" : `nobody${index}@example.org`));
    const output = await ask(postfix.plain, { emails, catch_all: false });
    expect(verdictsOf(output)).toEqual(emails.map((email) => (email.startsWith("ada") ? "mailbox_exists risky" : "mailbox_unknown invalid")));
    expect(output.attempts.length).toBeGreaterThan(1);
  }, 60_000);

  test("and no message is ever delivered", () => {
    expect(postfix.delivered()).toEqual([]);
    expect(postfix.log()).not.toMatch(/\bDATA\b/);
  });
});

realServer("mail.rcpt with postfix and postgrey, found through unbound and nsd", ["postfix", "dovecot", "postgrey", "nsd", "unbound"], () => {
  const DELAY_SECONDS = 2;
  let postfix: Postfix;
  let postgrey: Postgrey;
  let nsd: NameServer;
  let unbound: NameServer;
  let folder: string;
  beforeAll(async () => {
    postgrey = await startPostgrey(DELAY_SECONDS);
    postfix = await startPostfix({
      files: { mailboxes: "ada@grey.example inbox/\n" },
      settings: (etc) => ({
        virtual_mailbox_domains: "grey.example",
        virtual_mailbox_maps: `texthash:${etc}/mailboxes`,
        smtpd_recipient_restrictions: `reject_unlisted_recipient, check_policy_service ${postgrey.service}, permit`,
      }),
    });
    folder = mkdtempSync(join(tmpdir(), "probe-run-zone-"));
    writeFileSync(
      join(folder, "example.zone"),
      "$ORIGIN example.\n$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\ngrey IN MX 10 dead\ngrey IN MX 20 mx\ndead IN A 127.0.0.9\nmx IN A 127.0.0.1\nquiet IN MX 0 .\n",
    );
    nsd = await startNsd({ example: join(folder, "example.zone") });
    unbound = await startUnbound(["example"], nsd.port);
  }, 60_000);
  afterAll(async () => {
    // Clients stop first: postgrey does not exit while one is connected.
    for (const each of [postfix, postgrey, unbound, nsd]) await each?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(input: Record<string, unknown>): Promise<RcptOutput> {
    const { mx_host: _, ...common } = rcptInput(postfix.plain);
    return (await run("mail.rcpt@1.0.0", { ...common, resolver: { servers: unbound.servers }, ...input })).output as RcptOutput;
  }

  test("is greylisted at first, and answered when it retries with the same sender", async () => {
    const first = await ask({ email: "ada@grey.example" });
    expect(first.results[0]).toMatchObject({ category: "temp_fail", reason: "greylisted", verdict: "unknown", mx_host: "mx.example", ip_address: "127.0.0.1" });
    expect(first.results[0]?.retry_after_ms).toBeGreaterThanOrEqual(300_000);
    expect(first.failure).toMatchObject({ retryable: true });
    expect(first.domains[0]?.catch_all.asked).toBe(false);
    await sleep(DELAY_SECONDS * 1000 + 500);
    const second = await ask({ email: "ada@grey.example" });
    expect(second.results[0]).toMatchObject({ category: "accept", reason: "mailbox_exists", verdict: "valid", catch_all: "no" });
    expect(second.attempts.map(({ mx_host: host, outcome }) => `${host} ${outcome}`)).toEqual(["dead.example failed", "mx.example connected"]);
  }, 20_000);

  test("a mailbox that does not exist is reported at once", async () => {
    expect((await ask({ email: "nobody@grey.example" })).results[0]).toMatchObject({ reason: "mailbox_unknown", verdict: "invalid" });
  });

  test("a host of a domain with a null MX is never dialled", async () => {
    expect(await ask({ email: "ada@quiet.example" })).toMatchObject({ attempts: [], results: [{ reason: "domain_takes_no_mail", verdict: "invalid" }] });
  });
});
