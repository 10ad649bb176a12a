import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../runner/net/smtp/limits.js";
import { type Reply, ReplyParser } from "../../../runner/net/smtp/reply.js";
import { rejected } from "../../../runner/net/smtp/session.js";
import { classifyFailure, classifyReply, DELIVERY_TABLE } from "../../../runner/replies/classify-reply.js";
import { readRefusal } from "../../../runner/replies/read-refusal.js";
import { CLASS_OF_REASON, classOfStatus } from "../../../runner/replies/reply-class.js";
import { REPLY_TABLE } from "../../../runner/replies/reply-table.js";
import { MESSAGE_FILTER_ROWS } from "../../../runner/replies/reply-table-message-filters.js";
import { MESSAGE_ROWS } from "../../../runner/replies/reply-table-messages.js";
import { BOUNCE_CLASSES } from "../../../schemas/bounce.js";
import { failure, type Phase } from "../../../schemas/failure.js";
import { processorMs } from "../../support/processor-ms.js";

function replyOf(wire: string): Reply {
  const parser = new ReplyParser();
  parser.push(`${wire.replaceAll("\n", "\r\n")}\r\n`);
  return parser.next() as Reply;
}

const classOf = (phase: Phase, wire: string, host: string | null = null) => classifyReply({ phase, reply: replyOf(wire), host });
const OWN_ROWS = [...MESSAGE_FILTER_ROWS, ...MESSAGE_ROWS];

test("every row has a unique name, a source and an example of its codes", () => {
  expect(new Set(DELIVERY_TABLE.map(({ id }) => id)).size).toBe(DELIVERY_TABLE.length);
  for (const { id, source, example, codes } of OWN_ROWS) {
    expect(source.length, id).toBeGreaterThan(7);
    expect(codes, id).toContain(replyOf(example).code);
  }
});

test("every class is some row's, or some code's", () => {
  const given = DELIVERY_TABLE.map((row) => row.class ?? ("reason" in row ? CLASS_OF_REASON[row.reason] : null));
  expect(BOUNCE_CLASSES.filter((each) => each !== "other" && !given.includes(each))).toEqual([]);
});

describe("what is said of a message", () => {
  test.each(OWN_ROWS.map((row) => [row.id, row] as const))("%s", (id, { example, class: expected, at = ["mail", "data"], host, codes }) => {
    for (const phase of at) {
      const permanent = replyOf(example).code >= 500 && ["mail", "rcpt", "data"].includes(phase);
      const classified = classOf(phase, example, host === undefined ? null : "mx00.gmx.net");
      expect(classified, phase).toMatchObject({ rule: id, class: expected, permanent });
      expect(codes).toContain(replyOf(example).code);
    }
  });
});

/** What a delivery knows better than a question about a mailbox: the row of mail.rcpt, and the one that delivery reads. */
const READ_BY_ANOTHER: Readonly<Record<string, string>> = {
  "authentication-of-sender": "spf-refused",
  "gmail-unsolicited": "gmail-unsolicited-rate",
  "outlook-block-list": "outlook-block-list",
  "yahoo-deferred": "yahoo-volume",
};

describe("what is said of a mailbox is read as mail.rcpt reads it", () => {
  test.each(REPLY_TABLE.map((row) => [row.id, row] as const))("%s", (id, row) => {
    const classified = classOf("rcpt", row.example);
    expect(classified.rule).toBe(READ_BY_ANOTHER[id] ?? id);
    if (classified.rule === id) expect(classified.class).toBe(row.class ?? CLASS_OF_REASON[row.reason]);
    expect(classified.permanent).toBe(row.example.startsWith("5"));
    expect(readRefusal(replyOf(row.example), "rcpt").row).toBe(id);
  });
});

test.each<[Phase, string, string, boolean]>([
  ["data", "552 5.2.2 Mailbox full", "mailbox_full", true],
  ["data", "550 5.1.1 <a@example.org>: user unknown", "address", true],
  ["mail", "550 5.1.1 <a@example.org>: user unknown", "policy", true],
  ["mail", "552 5.3.4 Message size exceeds fixed limit", "size", true],
  ["data", "552 5.3.4 Error: message file too big", "size", true],
  ["data", "552 Message size exceeds fixed maximum message size (10485760)", "size", true],
  ["data", "552 sorry, that message size exceeds my databytes limit (#5.3.4)", "size", true],
  ["data", "554 too many hops, this message is looping (#5.4.6)", "routing", true],
  ["data", "550-5.7.26 Unauthenticated email from example.org is not accepted due to\n550-5.7.26 domain's DMARC policy.\n550 5.7.26 - gsmtp", "auth", true],
  ["data", "550-5.7.27 This mail has been blocked because the sender is unauthenticated.\n550 5.7.27 SPF did not pass - gsmtp", "auth", true],
  ["data", "421-4.7.26 Your email has been rate limited because it is unauthenticated.\n421 4.7.26 - gsmtp", "auth", false],
  ["mail", "530 5.7.0 Must issue a STARTTLS command first", "tls", true],
  ["mail", "530 5.7.1 Authentication required", "auth", true],
  ["auth", "535 5.7.8 Error: authentication failed", "auth", false],
  ["auth", "550 5.7.1 no", "auth", false],
  ["greeting", "554 no", "reputation", false],
  ["greeting", "421 busy", "network", false],
  ["greeting", "554 5.7.1 Your access to this mail system has been rejected due to the sending MTA's poor reputation.", "reputation", false],
  ["ehlo", "550 5.7.1 policy", "reputation", false],
  ["starttls", "454 TLS not available due to local problem", "tls", false],
  ["starttls", "502 5.5.1 not implemented", "tls", false],
  ["rcpt", "550 no", "other", true],
  ["rcpt", "450 later", "other", false],
  ["data", "554 Transaction failed", "other", true],
  ["data", "451 4.3.0 Error: queue file write error", "network", false],
  ["data", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "reputation", true],
  ["data", "550 5.6.0 words of no known reply", "content", true],
  ["data", "550 5.4.4 words of no known reply", "routing", true],
  ["rcpt", "450 4.2.0 <a@example.org>: Recipient address rejected: Greylisted", "greylist", false],
  ["rcpt", "452 4.5.3 Error: too many recipients", "rate", false],
  ["rcpt", "451 Sender rate overlimit - 11.0 / 1h", "rate", false],
  ["mail", "550 Sender rate overlimit - 290.8 / 24h", "rate", true],
  ["rcpt", "554 5.7.1 <a@example.org>: Relay access denied", "routing", true],
  ["rcpt", "552 5.2.2 mailbox size limit exceeded", "mailbox_full", true],
])("at %s, %j is %s", (phase, wire, expected, permanent) => {
  expect(classOf(phase, wire)).toMatchObject({ class: expected, permanent });
});

test("a filter's words are a filter's", () => {
  expect(classOf("data", "554 5.7.1 Spam message rejected")).toMatchObject({ who: "filter", said_by: "rspamd" });
  expect(classOf("rcpt", "550 5.1.1 <a@example.org>... User unknown")).toMatchObject({ who: "server", said_by: "Sendmail" });
  expect(classOf("rcpt", "550 go away")).toMatchObject({ who: "server", said_by: null, rule: null });
});

test("words that mean something at one provider only", () => {
  const wire = "550 Requested action not taken: mailbox unavailable";
  expect(classOf("rcpt", wire, "mx01.emig.gmx.net").class).toBe("address");
  expect(classOf("rcpt", wire, "mx.example.org").class).toBe("other");
});

describe("what broke", () => {
  test.each([
    [failure("connect", "timeout", "x"), "network", false],
    [failure("connect", "refused", "x"), "network", false],
    [failure("resolve", "dns_failure", "x"), "routing", false],
    [failure("resolve", "dns_not_found", "x"), "routing", true],
    [failure("tls", "tls_certificate", "x"), "tls", false],
    [failure("starttls", "unsupported", "x"), "tls", false],
    [failure("tls", "closed", "x"), "tls", false],
    [failure("mail", "limit_exceeded", "x"), "size", true],
    [failure("mail", "unsupported", "x"), "protocol", true],
    [failure("data", "closed", "x"), "network", false],
  ])("%j", (broken, expected, permanent) => {
    expect(classifyFailure(broken, null)).toEqual({ class: expected, permanent, who: "us", said_by: null, rule: null });
  });

  test("a refusal is read by its words", () => {
    const wire = "550-5.1.1 <a@example.org>:\n550 5.1.1 Recipient address rejected: User unknown in local recipient table";
    const { failure: failed } = rejected("rcpt", replyOf(wire));
    expect(classifyFailure(failed, replyOf(wire))).toEqual(classOf("rcpt", wire));
  });

  test("so is what a server said before it went", () => {
    const failed = { ...failure("rcpt", "closed", "the server closed the connection: 421 4.7.0 [TSS04] deferred due to user complaints"), reply_code: 421 };
    const farewell = { code: 421, lines: ["4.7.0 [TSS04] deferred due to user complaints"] };
    expect(classifyFailure(failed, farewell)).toMatchObject({ class: "rate", who: "server", said_by: "Yahoo", permanent: false });
  });
});

test.each([
  ["5.1.1", "address"],
  ["4.2.2", "mailbox_full"],
  ["5.7.1", "policy"],
  ["5.7.999", "policy"],
  ["4.4.1", "network"],
  ["4.4.7", "network"],
  ["5.0.0", null],
  ["2.0.0", null],
  ["5.9.9", null],
  ["x", null],
])("the code %s alone is %s", (status, expected) => {
  expect(classOfStatus(status)).toBe(expected);
});

// Some rows look for one word far behind another: none of them may take long to find that it is not there.
test.each([
  "a",
  " ",
  "message ",
  "mail ",
  "exceeds ",
  "spam ",
  "rejected ",
  "header ",
  "user ",
  "account ",
  "messages from ",
  "virus",
  "URL ",
  "-",
  "@",
  "(",
  "TLS ",
])("a reply full of %j is read at once", (word) => {
  const lines = Array.from({ length: LIMITS.replyBytes / LIMITS.replyLineBytes }, () => word.repeat(LIMITS.replyLineBytes / word.length));
  const readAll = (): void => {
    for (const phase of ["mail", "rcpt", "data"] as const) classifyReply({ phase, reply: { code: 550, lines } });
  };
  expect(processorMs(readAll)).toBeLessThan(500);
});
