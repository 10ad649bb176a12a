import { defineLab } from "../../runner/harness/define-lab.js";

const text = (...lines: string[]): string => lines.map((line) => `${line}\r\n`).join("");

const HEADER = ["From: Mail Delivery System <MAILER-DAEMON@mx.example.net>", "To: sender@example.com", "Date: Fri, 20 Nov 2026 06:00:00 +0000"];

const SAMPLES = [
  {
    name: "unknown-user",
    summary: "A delivery report: the mailbox does not exist.",
    message: text(
      ...HEADER,
      "Subject: Undelivered Mail Returned to Sender",
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      "",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; mx.example.net",
      "",
      "Final-Recipient: rfc822; someone@example.org",
      "Action: failed",
      "Status: 5.1.1",
      "Remote-MTA: dns; mx.example.org",
      "Diagnostic-Code: smtp; 550 5.1.1 <someone@example.org>: Recipient address rejected: User unknown in local recipient table",
      "",
      "--b",
      "Content-Type: text/rfc822-headers",
      "",
      "Message-ID: <1@example.com>",
      "Subject: hello",
      "",
      "--b--",
    ),
  },
  {
    name: "complaint",
    summary: "A complaint about spam.",
    message: text(
      ...HEADER,
      "Subject: complaint",
      'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
      "",
      "--b",
      "Content-Type: message/feedback-report",
      "",
      "Feedback-Type: abuse",
      "Version: 1",
      "User-Agent: Complaints/1.0",
      "Source-IP: 192.0.2.1",
      "",
      "--b",
      "Content-Type: message/rfc822",
      "",
      "Message-ID: <2@example.com>",
      "Subject: offer",
      "",
      "Buy.",
      "--b--",
    ),
  },
  {
    name: "in-words",
    summary: "A bounce of qmail in free text: the mailbox is full.",
    message: text(
      ...HEADER,
      "Subject: failure notice",
      "",
      "Hi. This is the qmail-send program at mx.example.net.",
      "I'm afraid I wasn't able to deliver your message to the following addresses.",
      "",
      "<someone@example.org>:",
      "192.0.2.25 does not like recipient.",
      "Remote host said: 552 5.2.2 Mailbox is full",
    ),
  },
  {
    name: "ordinary-message",
    summary: "An ordinary message, not a report: a warning.",
    message: text("From: friend@example.org", "Subject: hello", "", "How are you?"),
  },
] as const;

export default defineLab({
  async start() {
    return { servers: SAMPLES.map(({ name, summary, message }) => ({ name, summary, input: { message } })), close: async () => {} };
  },
});
