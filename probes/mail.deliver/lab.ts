import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

/** The mail host of every domain is this machine; nothing listens at 127.0.0.2. */
const ZONE = `
$ORIGIN example.
$TTL 300
@         SOA  ns.example. hostmaster.example. 1 3600 600 86400 60
@         NS   ns
ns        A    127.0.0.1
mx        A    127.0.0.1
gone      A    127.0.0.2
people    MX   10 mx
later     MX   10 mx
half      MX   10 mx
lost      MX   10 mx
no-mail   MX   0 .
backup    MX   10 gone
backup    MX   20 mx
`;

const GREETING = "S: 220 mx.example ESMTP\nC: EHLO *\nS: 250-mx.example\nS: 250 ENHANCEDSTATUSCODES\nC: MAIL FROM:*\nS: 250 2.1.0 OK";
const GO = "C: DATA\nS: 354 go ahead\n@message";
const BYE = "C: QUIT\nS: 221 2.0.0 bye\n";

const PLAYED: readonly { name: string; summary: string; recipients: readonly string[]; transcript: string }[] = [
  {
    name: "greylisted",
    summary: "Greylists for five minutes: an error here, retried in a queue.",
    recipients: ["ada@later.example"],
    transcript: [GREETING, "C: RCPT TO:*\nS: 450 4.2.0 Greylisted for 300 seconds", "C: RSET\nS: 250 2.0.0 OK", BYE].join("\n"),
  },
  {
    name: "half",
    summary: "Accepts the message for one of two recipients.",
    recipients: ["ada@half.example", "nobody@half.example"],
    transcript: [GREETING, "C: RCPT TO:*\nS: 250 2.1.5 OK\nC: RCPT TO:*\nS: 550 5.1.1 User unknown", GO, "S: 250 2.0.0 queued", BYE].join("\n"),
  },
  {
    name: "lost",
    summary: "Hangs up after the final dot: the outcome is unknown.",
    recipients: ["ada@lost.example"],
    transcript: [GREETING, "C: RCPT TO:*\nS: 250 2.1.5 OK", GO, "@close\n"].join("\n"),
  },
  {
    name: "backup",
    summary: "The first mail host is down, the second accepts the message.",
    recipients: ["ada@backup.example"],
    transcript: [GREETING, "C: RCPT TO:*\nS: 250 2.1.5 OK", GO, "S: 250 2.0.0 queued", BYE].join("\n"),
  },
];

export default defineLab({
  async start(nextPort) {
    const open: { close(): Promise<unknown> }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(open.map((each) => each.close()));
    };
    try {
      const dns = await startDnsServer({ zones: [ZONE], port: nextPort() });
      open.push(dns);
      const common = {
        mail_from: "sender@lab.example",
        fields: { subject: "A message of the lab", text: "Hello." },
        resolver: { servers: dns.servers },
        allow_private_addresses: true,
        helo_domain: "lab.example",
      };
      const servers: LabServer[] = [];
      const taking = await startSmtpServer({ port: nextPort() });
      open.push(taking);
      servers.push({ name: "taken", summary: "Accepts the message.", input: { ...common, recipients: ["ada@people.example"], mx_port: taking.port } });
      for (const { name, summary, recipients, transcript } of PLAYED) {
        const server = await playTranscript(transcript, { port: nextPort() });
        open.push(server);
        servers.push({ name, summary, input: { ...common, recipients, mx_port: server.port } });
      }
      servers.push({
        name: "null-mx",
        summary: "A domain with a null MX: an error.",
        input: { ...common, recipients: ["ada@no-mail.example"] },
      });
      const relay = { host: "127.0.0.1", port: taking.port, tls: { mode: "none" } };
      servers.push({
        name: "relay",
        summary: "Delivers to a relay.",
        input: { ...common, recipients: ["ada@anywhere.example"], mode: "relay", relays: [relay] },
      });
      return { servers, close };
    } catch (error) {
      await close();
      throw error;
    }
  },
});
