import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readReport } from "../../../../runner/mail/report/read-report.js";
import { replyIn } from "../../../../runner/mail/report/recipient.js";
import type { MailReport } from "../../../../schemas/report.js";
import { checkedReport as check } from "./checked-report.js";

const FOLDER = new URL("../../../../fixtures/mail.bounce/1.0.0/", import.meta.url);
const reports = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => readFileSync(new URL(file, FOLDER)));

describe("nothing makes it fail", () => {
  test("any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void check(bytes)));
  });

  const pieces = fc.constantFrom(
    "\r\n",
    "\r\n\r\n",
    "\n",
    " ",
    "\t",
    ";",
    ":",
    "--b",
    "--b--",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
    'Content-Type: multipart/mixed; boundary="b"\r\n',
    "Content-Type: message/delivery-status\r\n\r\n",
    "Content-Type: message/feedback-report\r\n\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Final-Recipient: rfc822; a@example.org\r\n",
    "Final-Recipient: utf-8; \\x{D800}\\x{110000}@example.org\r\n",
    "Action: failed\r\n",
    "Status: 5.1.1\r\n",
    "Diagnostic-Code: smtp; 550-5.1.1 no\r\n",
    "Feedback-Type: abuse\r\n",
    "Hi. This is the qmail-send program at x.\r\n",
    "This message was created automatically by mail delivery software.\r\n",
    "   ----- The following addresses had permanent fatal errors -----\r\n",
    "   ----- Transcript of session follows -----\r\n",
    "Delivery has failed to these recipients or groups:\r\n",
    "Delivery to the following recipient failed permanently:\r\n",
    "<a@example.org>:\r\n",
    "  a@example.org\r\n",
    "    550 no\r\n",
    "<<< 550 5.1.1 no\r\n",
    "From: MAILER-DAEMON\r\n",
    "Subject: Undeliverable\r\n",
    "--- Below this line is a copy of the message.\r\n",
    "é",
    "\0",
  );

  test("any pieces of reports in any order", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (all) => void check(Buffer.from(all.join("")))),
      { numRuns: 1500 },
    );
  });

  test("any report that is cut, doubled or damaged", () => {
    const damage = fc.tuple(fc.constantFrom(...reports), fc.nat(), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 }));
    fc.assert(
      fc.property(damage, ([report, from, to, bytes]) => {
        const [start, end] = [from % report.length, to % report.length];
        check(report.subarray(0, start));
        check(Buffer.concat([report.subarray(0, start), bytes, report.subarray(end)]));
      }),
      { numRuns: 500 },
    );
  });
});

describe("a reply in a diagnostic", () => {
  test.each([
    ["550 5.1.1 no", 550, ["5.1.1 no"]],
    ["550-5.1.1 one 550-5.1.1 two 550 5.1.1 three", 550, ["5.1.1 one", "5.1.1 two", "5.1.1 three"]],
    ["host mx.example.org[192.0.2.1] said: 452 4.2.2 full (in reply to RCPT TO command)", 452, ["4.2.2 full"]],
    ["SMTP error from remote mail server after RCPT TO:<a@example.org>: 550 no", 550, ["no"]],
    ["554: delivery error", 554, ["delivery error"]],
    ["(reason: 553 no)", 553, ["no)"]],
  ])("%s", (diagnostic, code, lines) => {
    expect(replyIn(diagnostic)).toEqual({ code, lines });
  });

  test.each(["", "unknown user", "250 2.0.0 ok", "connect to mx.example.org[192.0.2.1]:25: Connection refused", "5501 beans", "port 25"])(
    "none in %j",
    (diagnostic) => {
      expect(replyIn(diagnostic)).toBeNull();
    },
  );
});

test("what is said at MAIL is not about the mailbox", () => {
  const about = (command: string): MailReport =>
    readReport(
      Buffer.from(
        `Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nX: y\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550 No such user here (in reply to ${command} command)\r\n`,
      ),
    );
  expect(about("RCPT TO").recipients[0]?.class).toBe("address");
  expect(about("MAIL FROM").recipients[0]?.class).toBe("policy");
});
