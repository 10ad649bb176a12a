import { expect, test } from "vitest";
import { rejected as imapRejected } from "../../../runner/net/imap/reply.js";
import { rejected as pop3Rejected } from "../../../runner/net/pop3/reply.js";
import { rejected, replyOf } from "../../../runner/net/smtp/session.js";
import { failureError } from "../../../runner/run/failure-error.js";

test("an SMTP refusal carries its reply line by line, also when its text looks like another reply", () => {
  const reply = { code: 451, lines: ["4.3.0 the relay said:", "550 5.1.1 no such user"] };
  const error = rejected("rcpt", reply);
  expect(error.reply).toEqual({ code: 451, enhancedCode: "4.3.0", lines: reply.lines });
  expect(replyOf(error)).toEqual(reply);
});

test("an IMAP refusal carries its status and its response code", () => {
  const code = { name: "BADCHARSET", argument: "(US-ASCII)" };
  const error = imapRejected("command", { status: "NO", code, text: "cannot search in UTF-8" });
  expect(error.reply).toEqual({ code: "NO", enhancedCode: "BADCHARSET", lines: ["cannot search in UTF-8"] });
  expect(replyOf(error)).toBeNull();
});

test("a POP3 refusal carries its status indicator and its response code", () => {
  const error = pop3Rejected("auth", { status: "ERR", code: "IN-USE", text: "another session has the lock", lines: [] });
  expect(error.reply).toEqual({ code: "-ERR", enhancedCode: "IN-USE", lines: ["another session has the lock"] });
});

test("a failure that no server spoke of carries none", () => {
  expect(failureError("connect", "timeout", "550 5.1.1 is only a text here").reply).toBeNull();
});
