import { expect, test } from "vitest";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { ehlo, rset, starttls } from "../../../../runner/net/smtp/commands.js";
import { type MailParameters, mailFrom, type Recipient, rcptTo } from "../../../../runner/net/smtp/mail-and-rcpt.js";
import { type Mailbox, parseMailbox, parseSender } from "../../../../runner/net/smtp/mailbox.js";
import { allCertificates, testAuthority } from "../../../support/certificates.js";
import { greetedSession, testRun } from "../../../support/smtp-context.js";

test("recipients are sent one by one, without a message, and again after RSET", async () => {
  const server = await playTranscript(
    "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 SIZE 100\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<one@example.org>\nS: 252 perhaps\nC: RCPT TO:<two@example.org>\nS: 550 5.1.1 unknown\n" +
      "C: RSET\nS: 250 ok\nC: MAIL FROM:<a@example.org> SIZE=100\nS: 250 ok",
  );
  const run = testRun();
  const session = await greetedSession(run, server);
  expect((await mailFrom(session, parseSender("<>") as null)).code).toBe(250);
  // Any reply is a result: what it means for the mailbox is the caller's to judge.
  expect((await rcptTo(session, parseMailbox("one@example.org") as Mailbox)).code).toBe(252);
  expect((await rcptTo(session, parseMailbox("two@example.org") as Mailbox)).code).toBe(550);
  await rset(session);
  const sender = parseSender("a@example.org") as Mailbox;
  await expect(mailFrom(session, sender, { size: 101 })).rejects.toMatchObject({ failure: { phase: "mail", code: "limit_exceeded" } });
  expect((await mailFrom(session, sender, { size: 100 })).code).toBe(250);
  session.close();
  run.state.deadline.release();
  await server.close();
  expect(server.mismatches).toEqual([]);
  expect(run.state.recorder.operations.map(({ name, code }) => [name, code])).toEqual([
    ["connect", null],
    ["greeting", 220],
    ["EHLO", 250],
    ["MAIL", 250],
    ["RCPT", 252],
    ["RCPT", 550],
    ["RSET", 250],
    ["MAIL", 250],
  ]);
});

/** The commands sent to a server with these capabilities; a failure in place of a command that it does not support. */
async function said(capabilities: string, parameters: MailParameters, dsn: Omit<Recipient, keyof Mailbox>, to = "one@example.org"): Promise<unknown[]> {
  const server = await playTranscript(`S: 220 mx\nC: EHLO *\n${capabilities}\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok`);
  const run = testRun();
  const session = await greetedSession(run, server);
  const outcomes = [
    await mailFrom(session, parseMailbox("a@example.org") as Mailbox, parameters).catch(failureWords),
    await rcptTo(session, { ...(parseMailbox(to) as Mailbox), ...dsn }).catch(failureWords),
  ];
  session.close();
  run.state.deadline.release();
  await server.close();
  const sent = run.trace.filter(({ direction }) => direction === "sent").map(({ text }) => text);
  return [...sent.slice(1), ...outcomes.filter((outcome) => Array.isArray(outcome))];
}

function failureWords({ failure: { phase, code } }: { failure: { phase: string; code: string } }): [string, string] {
  return [phase, code];
}

test("DSN is requested with the parameters of RFC 3461", async () => {
  const offer = "S: 250-mx\nS: 250-SMTPUTF8\nS: 250 DSN";
  expect(await said(offer, { ret: "HDRS", envid: "a b+c=d" }, { notify: ["SUCCESS", "DELAY", "SUCCESS"], orcpt: "a+b=c d@example.org" })).toEqual([
    "MAIL FROM:<a@example.org> RET=HDRS ENVID=a+20b+2Bc+3Dd",
    "RCPT TO:<one@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb+3Dc+20d@example.org",
  ]);
  expect(await said(offer, {}, { notify: ["NEVER"], orcpt: "j\u00fcrgen+\u{1f4e7}@example.org" }, "\u00e9@example.org")).toEqual([
    "MAIL FROM:<a@example.org>",
    "RCPT TO:<\u00e9@example.org> NOTIFY=NEVER ORCPT=utf-8;j\\x{FC}rgen\\x{2B}\\x{1F4E7}@example.org",
  ]);
});

test("invalid DSN parameters are not sent", async () => {
  const offer = "S: 250-mx\nS: 250 DSN";
  expect(await said(offer, { envid: "a\r\nDATA" }, { notify: ["NEVER", "DELAY"] })).toEqual([
    ["mail", "not_permitted"],
    ["rcpt", "not_permitted"],
  ]);
  expect(await said(offer, { envid: "=".repeat(34) }, { orcpt: `${"a".repeat(500)}@example.org` })).toEqual([
    ["mail", "limit_exceeded"],
    ["rcpt", "limit_exceeded"],
  ]);
  expect(await said("S: 250 mx", { ret: "FULL" }, { notify: ["FAILURE"] })).toEqual([
    ["mail", "unsupported"],
    ["rcpt", "unsupported"],
  ]);
});

test.each([
  ["none", "REQUIRETLS", "not_permitted"],
  ["starttls", "REQUIRETLS", null],
  ["starttls", "NOTHING", "unsupported"],
] as const)("REQUIRETLS is a promise only inside TLS (%s, %s)", async (mode, keyword, expected) => {
  const inside = expected === null ? "C: MAIL FROM:<a@example.org> REQUIRETLS\nS: 250 ok" : "";
  const secured = `@starttls\nC: EHLO *\nS: 250-mx\nS: 250 ${keyword}\n${inside}`;
  const server = await playTranscript(`S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 ${keyword}\n${mode === "none" ? "" : `C: STARTTLS\nS: 220 go\n${secured}`}`, {
    certificates: allCertificates(),
  });
  const run = testRun();
  const session = await greetedSession(run, server);
  if (mode === "starttls") {
    await starttls(session, { host: "localhost", min_version: "TLSv1.2", ca: testAuthority() });
    await ehlo(session, "probe.example.org");
  }
  const outcome = await mailFrom(session, parseMailbox("a@example.org") as Mailbox, { requireTls: true }).then(() => null, failureWords);
  session.close();
  run.state.deadline.release();
  await server.close();
  expect(outcome).toEqual(expected === null ? null : ["mail", expected]);
  expect(server.mismatches).toEqual([]);
});
