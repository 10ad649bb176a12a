import { describe, expect, test } from "vitest";
import { type Reply, ReplyParser } from "../../../runner/net/smtp/reply.js";
import { type RefusedCommand, readRefusal } from "../../../runner/replies/read-refusal.js";
import { REPLY_TABLE } from "../../../runner/replies/reply-table.js";
import { MAILBOX_REASONS } from "../../../schemas/rcpt.js";

function replyOf(wire: string): Reply {
  const parser = new ReplyParser();
  parser.push(`${wire.replaceAll("\n", "\r\n")}\r\n`);
  return parser.next() as Reply;
}

test("every row has a unique name, a source and an example of its codes", () => {
  expect(new Set(REPLY_TABLE.map(({ id }) => id)).size).toBe(REPLY_TABLE.length);
  for (const { id, source, example, codes } of REPLY_TABLE) {
    expect(source.length, id).toBeGreaterThan(7);
    expect(codes, id).toContain(replyOf(example).code);
  }
});

test.each(REPLY_TABLE.map((row) => [row.id, row] as const))("%s is what its example is read as", (id, { example, reason }) => {
  expect(readRefusal(replyOf(example), "rcpt")).toEqual({ reason, row: id });
});

describe.each<RefusedCommand>(["greeting", "ehlo", "starttls", "mail"])("at %s", (command) => {
  test.each(REPLY_TABLE.map(({ id, example }) => [id, example]))("%s says nothing of a mailbox", (_id, example) => {
    expect(MAILBOX_REASONS.has(readRefusal(replyOf(example), command).reason)).toBe(false);
  });
});

test.each([
  ["550 no", "refused"],
  ["550 5.0.0 no", "refused"],
  ["554 Transaction failed", "refused"],
  ["550 Requested action not taken: mailbox unavailable", "refused"],
  ["553 5.1.3 bad syntax", "refused"],
  ["450 later", "deferred"],
  ["450 Requested mail action not taken: mailbox unavailable", "deferred"],
  ["599 what", "refused"],
])("%s is not known: %s", (wire, reason) => {
  expect(readRefusal(replyOf(wire), "rcpt").reason).toBe(reason);
});

describe("a refusal that only resembles an unknown mailbox", () => {
  test.each([
    ["the words stand in the repeated address", "550 5.7.1 <no.such.user-user.unknown@example.org>: rejected", "policy"],
    ["the code stands in a link", "550 see https://example.org/5.1.1/nosuchuser", "refused"],
    ["it is about the sender", "550 5.1.8 <probe@example.net>: Sender address rejected: User unknown", "sender_refused"],
    ["it is a block with the wrong code", "550 5.1.1 Message blocked using zen.spamhaus.org", "client_blocked"],
    ["it is a policy with the wrong code", "550 5.1.1 <a@example.org>: access denied by policy", "policy"],
    [
      "it is a rate with the wrong code",
      "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
      "mailbox_busy",
    ],
    [
      "it is about the account that sends",
      "550 Message was not accepted -- invalid mailbox. Local mailbox a@mail.ru is unavailable: message sending for this account is disabled",
      "sender_refused",
    ],
    ["it has the class of another code", "451 5.1.1 User unknown", "deferred"],
    ["another code stands in the words", "550 Denied by administrator (code 5.1.1 is not meant)", "policy"],
  ])("%s", (_why, wire, reason) => {
    expect(readRefusal(replyOf(wire), "rcpt").reason).toBe(reason);
  });
});
