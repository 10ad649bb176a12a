import { describe, expect, test } from "vitest";
import { REPORT_LIMITS } from "../../../../runner/mail/report/limits.js";
import { checkedReport as check } from "./checked-report.js";

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
