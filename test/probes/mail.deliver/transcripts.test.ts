import mailDeliver from "../../../probes/mail.deliver/probe.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: mailDeliver,
  version: "1.0.0",
  input: {
    mail_from: "sender@example.net",
    recipients: ["ada@[127.0.0.1]"],
    message: "From: sender@example.net\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHello.\r\n",
    helo_domain: "sender.example.org",
    allow_private_addresses: true,
    seed: 1,
    command_timeout_ms: 10_000,
    timeout_ms: 20_000,
  },
  port: "mx_port",
  atLeast: 40,
});
