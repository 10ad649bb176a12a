import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newest } from "../../../../probes/mail.bounce/schema.js";
import { REPORT_LIMITS } from "../../../../runner/mail/report/limits.js";
import { readReport } from "../../../../runner/mail/report/read-report.js";
import { replyIn } from "../../../../runner/mail/report/recipient.js";
import type { MailReport } from "../../../../schemas/report.js";

const FOLDER = new URL("../../../../fixtures/mail.bounce/1.0.0/", import.meta.url);
const reports = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".eml"))
  .map((file) => readFileSync(new URL(file, FOLDER)));

/** Whatever was read fits the contract, and is no larger than what is promised. */
function check(bytes: Uint8Array): MailReport {
  const report = readReport(bytes);
  const output = { status: "ok", failure: null, ip_address: null, connected_time: null, operations: [], duration_ms: 0, ...report, findings: [] };
  const longest = (texts: readonly (string | null)[]): number => Math.max(0, ...texts.map((text) => text?.length ?? 0));
  expect({
    faults: newest.output.faults(structuredClone(output)),
    isBounded:
      report.recipients.length <= REPORT_LIMITS.recipients &&
      longest(report.recipients.map(({ address }) => address)) <= REPORT_LIMITS.addressCharacters + 1 &&
      longest(report.recipients.map(({ diagnostic }) => diagnostic)) <= 1001,
  }).toEqual({ faults: [], isBounded: true });
  return report;
}

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

describe("a hostile one takes no longer than others", () => {
  const daemon = "From: MAILER-DAEMON@x\r\nSubject: Undeliverable\r\n\r\n";
  const multipart = (type: string, body: string): string =>
    `Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${body}`;
  // What takes time by the square of its size takes more than five seconds for so much.
  const fill = (text: string): string => text.repeat(Math.ceil(150_000 / text.length));
  const marks = [
    "Hi. This is the qmail-send program at x.\r\n<a@x>:\r\n",
    "This message was created automatically by mail delivery software.\r\n",
    "   ----- The following addresses had permanent fatal errors -----\r\n",
    "Delivery has failed to these recipients or groups:\r\nDiagnostic information for administrators:\r\n",
    "Delivery to the following recipient failed permanently:\r\nThe response was:\r\n",
    "This is the mail system at host x.\r\n",
    "",
  ];
  const floods = [
    "<",
    "-",
    "--",
    " ",
    "\r\n",
    "550 ",
    "a@",
    "<a@x>:\r\n",
    "host a[",
    "#550 ",
    "smtp; 550 a",
    "(",
    '"',
    "= ",
    "=",
    "(reason: ",
    "while talking to ",
    "@",
    "a",
    "delivery ",
    "\\x{41}",
    "--b\r\n",
  ];

  test.each(floods)("of %j", (flood) => {
    // Processor time: the machine may be busy.
    const before = process.cpuUsage();
    for (const mark of marks) check(Buffer.from(`${daemon}${mark}${fill(flood)}`));
    check(Buffer.from(multipart("message/delivery-status", `Final-Recipient: ${fill(flood)}`)));
    for (const start of ["", "550 ", "550-5.7.1 message from ", "550 said: mailbox "]) {
      const about = "Final-Recipient: rfc822; a@example.org\r\nAction: failed\r\nDiagnostic-Code: smtp; ";
      check(Buffer.from(multipart("message/delivery-status", `${about}${start}${fill(flood)}`)));
    }
    check(Buffer.from(multipart("message/feedback-report", `Feedback-Type: ${fill(flood)}`)));
    check(Buffer.from(multipart("text/html", fill(flood))));
    check(Buffer.from(`From: MAILER-DAEMON@x\r\nSubject: ${fill(flood)}\r\nContent-Type: ${fill(flood)}\r\n\r\n${fill(flood)}`));
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  });

  test("of parts in parts", () => {
    const deep = Array.from({ length: 200 }, (_, index) => `Content-Type: multipart/mixed; boundary=b${index}\r\n\r\n--b${index}\r\n`).join("");
    expect(check(Buffer.from(deep)).kind).toBe("not_a_report");
  });

  test("of many parts", () => {
    const { is_cut: isCut } = check(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\n\r\nx\r\n".repeat(500)}--b--`));
    expect(isCut).toBe(true);
  });

  test("of many recipients", () => {
    const all = Array.from({ length: 3000 }, (_, index) => `Final-Recipient: rfc822; a${index}@example.org\r\nAction: failed\r\n\r\n`).join("");
    const report = check(Buffer.from(`Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n${all}--b--`));
    expect(report.recipients).toHaveLength(REPORT_LIMITS.recipients);
    expect(report.is_cut).toBe(true);
  });

  test("of more bytes than are read", () => {
    expect(check(Buffer.alloc(REPORT_LIMITS.messageBytes + 1, "a")).is_cut).toBe(true);
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
