import { expect, test } from "vitest";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { rset } from "../../../../runner/net/smtp/commands.js";
import { mailFrom, rcptTo } from "../../../../runner/net/smtp/mail.js";
import { type Mailbox, parseMailbox, parseSender } from "../../../../runner/net/smtp/mailbox.js";
import { greetedSession, testRun } from "../../../support/smtp-context.js";

test("recipients are asked about one by one, without a message, and again after RSET", async () => {
  const server = await playTranscript(
    "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 SIZE 100\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<one@example.org>\nS: 252 perhaps\nC: RCPT TO:<two@example.org>\nS: 550 5.1.1 nobody\n" +
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
