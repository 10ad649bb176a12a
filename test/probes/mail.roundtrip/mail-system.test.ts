import { afterAll, beforeAll, expect, test } from "vitest";
import { testAuthority } from "../../support/certificates.js";
import { type MailSystem, startMailSystem } from "../../support/mail-system.js";
import { realServer } from "../../support/real-servers.js";
import { type Ends, reasons, roundtrip } from "./roundtrip.js";

const PROGRAMS = ["postfix", "postgrey", "dovecot", "dovecot-imap", "dovecot-pop3", "dovecot-lmtp"] as const;
const GREYLIST_SECONDS = 2;

/** As a monitor would be set up: submission after STARTTLS and a login, and the mailbox over implicit TLS. */
function endsOf({ postfix, dovecot }: MailSystem): Ends {
  const trusting = { tls_options: { ca: testAuthority() } };
  return {
    send: { host: "localhost", port: postfix.submission, username: "alice", password: postfix.password, timeout: 10, ...trusting },
    receive: { host: "localhost", port: dovecot.imaps, username: "alice", password: dovecot.users.alice, timeout: 10, ...trusting },
  };
}

realServer("mail.roundtrip through postfix and dovecot", PROGRAMS, () => {
  let system: MailSystem;
  let ends: Ends;
  beforeAll(async () => {
    system = await startMailSystem();
    ends = endsOf(system);
  }, 60_000);
  afterAll(() => system?.stop());

  test("the happy path: it is taken, it is there, and it is cleaned away", async () => {
    const output = await roundtrip(ends, { wait_ms: 20_000, clean_up: true, expect: { folder: "inbox", max_attempts: 1 } });
    expect(output).toMatchObject({
      status: "ok",
      delivery: "accepted",
      arrival: "arrived",
      folder: "INBOX",
      duplicates: 0,
      clean_up: { outcome: "deleted" },
      send: { ip_address: "127.0.0.1", greylisted: false, attempt_count: 1, reply_code: 250, tls: { authorised: true }, auth: { accepted: true } },
      receive: { ip_address: "127.0.0.1", found_by: "idle", tls: { authorised: true } },
      findings: [],
    });
    expect(system.postfix.log()).toMatch(/postfix\/lmtp\[\d+\]: \w+: to=<alice@example\.org>.*status=sent/);
    expect(output.hops.map(({ by, with: protocol }) => [by, protocol])).toEqual([
      ["mx.example.org", "ESMTPSA"],
      ["mail.example.org", "LMTP"],
    ]);
    expect(system.dovecot.messages("alice").filter((message) => message.includes(output.token))).toEqual([]);
    for (const time of [output.submission_ms, output.transit_ms, output.total_ms]) expect(time).toBeGreaterThan(0);
    expect(output.greylist_delay_ms).toBeNull();
  }, 30_000);

  test("the mailbox by STARTTLS, and the message stays", async () => {
    const receive = { port: system.dovecot.imap, tls_mode: "starttls" };
    const output = await roundtrip(ends, { wait_ms: 20_000, receive });
    expect(output).toMatchObject({ status: "ok", arrival: "arrived", clean_up: { outcome: "not_asked" } });
    const kept = system.dovecot.messages("alice").filter((message) => message.includes(`Subject: ${output.subject}`) && message.includes(output.message_id));
    expect(kept).toHaveLength(1);
  }, 30_000);

  test("a wrong password is an auth_error, and is tried once", async () => {
    const output = await roundtrip(ends, { send: { password: "wrong", retries: 2 } });
    expect(output).toMatchObject({ status: "error", failed_part: "send", error_type: "auth_error", failure: { phase: "auth", reply_code: 535 } });
    expect([output.send.attempt_count, output.arrival, output.delivery]).toEqual([1, "not_awaited", "not_sent"]);
  }, 30_000);

  test("it arrives twice", async () => {
    const more = { send: { to_addr: "alice@example.org", recipients: ["alice+INBOX@example.org"] }, wait_ms: 20_000, duplicate_wait_ms: 5000, clean_up: true };
    const output = await roundtrip(ends, more);
    expect(output).toMatchObject({ status: "warning", arrival: "arrived", duplicates: 1, clean_up: { outcome: "deleted" } });
    expect(reasons(output)).toEqual(["warning duplicates"]);
    expect(output.clean_up.deleted_uids).toHaveLength(2);
    expect(system.dovecot.messages("alice").filter((message) => message.includes(output.token))).toEqual([]);
  }, 40_000);

  test("it arrives among the spam", async () => {
    system.dovecot.put("alice", "Subject: win\r\n\r\nearlier spam\r\n", { folder: "Junk" });
    const more = { send: { to_addr: "alice+Junk@example.org" }, receive: { folders: ["Junk"], poll_interval_ms: 200 }, wait_ms: 20_000 };
    const output = await roundtrip(ends, { ...more, clean_up: true, expect: { folder: "inbox" } });
    expect(output).toMatchObject({
      status: "error",
      failure: null,
      arrival: "arrived",
      folder: "Junk",
      is_spam_folder: true,
      clean_up: { outcome: "deleted" },
    });
    expect(reasons(output)).toEqual(["error folder_differs"]);
  }, 40_000);

  test("it never arrives", async () => {
    const output = await roundtrip(ends, { send: { to_addr: "bob@example.org" }, wait_ms: 1500 });
    expect(output).toMatchObject({ status: "error", failed_part: "imap", failure: { phase: "probe", code: "timeout" }, error_type: "no_recent_message" });
    expect([output.delivery, output.arrival]).toEqual(["accepted", "not_arrived"]);
  }, 30_000);

  test("a message of 200 KB, with characters beyond ASCII in its subject", async () => {
    const output = await roundtrip(ends, { send: { subject_prefix: '[ä "quoted" (round) 日本]', size_bytes: 200_000 }, wait_ms: 20_000, clean_up: true });
    expect(output).toMatchObject({ status: "ok", arrival: "arrived", clean_up: { outcome: "deleted" } });
    expect(output.size_bytes).toBeGreaterThan(200_000);
  }, 30_000);
});

realServer("mail.roundtrip through postgrey", PROGRAMS, () => {
  let system: MailSystem;
  beforeAll(async () => {
    system = await startMailSystem({ greylistSeconds: GREYLIST_SECONDS });
  }, 60_000);
  afterAll(() => system?.stop());

  test("is greylisted, retries, and then arrives", async () => {
    const send = { retries: 3, retry_delay: GREYLIST_SECONDS + 0.2 };
    const output = await roundtrip(endsOf(system), { send, wait_ms: 20_000, clean_up: true });
    expect(output).toMatchObject({ status: "ok", delivery: "accepted", arrival: "arrived", send: { greylisted: true } });
    const kinds = output.send.attempts.map(({ error_type: kind }) => kind);
    expect(kinds.length).toBeGreaterThan(1);
    expect([kinds[0], kinds.at(-1)]).toEqual(["temporary_failure", null]);
    expect(output.greylist_delay_ms).toBeGreaterThanOrEqual(GREYLIST_SECONDS * 1000);
    expect(output.submission_ms).toBeLessThan(output.greylist_delay_ms as number);
    expect(output.total_ms).toBeGreaterThan(output.greylist_delay_ms as number);
    expect(output.subject).toContain(output.token);
  }, 40_000);

  test("a stopped server is one connection_error", async () => {
    const ends = endsOf(system);
    await system.stopPostfix();
    const output = await roundtrip(ends, { send: { retries: 2 } });
    expect(output).toMatchObject({ status: "error", failed_part: "send", error_type: "connection_error", failure: { phase: "connect", code: "refused" } });
    expect([output.send.attempt_count, output.delivery, output.arrival]).toEqual([1, "not_sent", "not_awaited"]);
  }, 30_000);
});
