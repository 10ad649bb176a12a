import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

/** Every domain's mail host is this machine, at the port of its bench; nothing listens at 127.0.0.2. */
const ZONE = `
$ORIGIN example.
$TTL 300
@         SOA  ns.example. hostmaster.example. 1 3600 600 86400 60
@         NS   ns
ns        A    127.0.0.1
mx        A    127.0.0.1
gone      A    127.0.0.2
people    MX   10 mx
anything  MX   10 mx
later     MX   10 mx
blocked   MX   10 mx
no-mail   MX   0 .
backup    MX   10 gone
backup    MX   20 mx
`;

const GREETING = `S: 220 mx.example ESMTP
C: EHLO *
S: 250-mx.example
S: 250 ENHANCEDSTATUSCODES`;

/** One transaction; the server answers RCPT so. */
function transaction(answer: string): string {
  return `C: MAIL FROM:*\nS: 250 2.1.0 OK\nC: RCPT TO:*\nS: ${answer}\nC: RSET\nS: 250 2.0.0 OK`;
}

const BYE = "C: QUIT\nS: 221 2.0.0 bye\n";
const OK = transaction("250 2.1.5 OK");
const UNKNOWN = transaction("550 5.1.1 User unknown");

const PLAYED: readonly { name: string; summary: string; email: string; transcript: string }[] = [
  {
    name: "taken",
    summary: "Accepts the address and rejects a random one.",
    email: "ada@people.example",
    transcript: [GREETING, OK, UNKNOWN, BYE].join("\n"),
  },
  { name: "unknown", summary: "Knows no such mailbox: an error.", email: "nobody@people.example", transcript: [GREETING, UNKNOWN, BYE].join("\n") },
  {
    name: "greylisted",
    summary: "Tells us to come back in five minutes.",
    email: "ada@later.example",
    transcript: [GREETING, transaction("450 4.2.0 Greylisted for 300 seconds"), BYE].join("\n"),
  },
  {
    name: "blocked",
    summary: "Wants nothing from us: that says nothing of the mailbox.",
    email: "ada@blocked.example",
    transcript: "S: 554 5.7.1 No SMTP service for you\n@close\n",
  },
  {
    name: "backup",
    summary: "The first mail host is away, the second takes the address.",
    email: "ada@backup.example",
    transcript: [GREETING, OK, UNKNOWN, BYE].join("\n"),
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
      const common = { resolver: { servers: dns.servers }, allow_private_addresses: true, helo_domain: "probe.example", mail_from: "bounce@probe.example" };
      const servers: LabServer[] = [];
      for (const { name, summary, email, transcript } of PLAYED) {
        const server = await playTranscript(transcript, { port: nextPort() });
        open.push(server);
        servers.push({ name, summary, input: { email, mx_port: server.port, ...common } });
      }
      const anything = await startSmtpServer({ port: nextPort() });
      open.push(anything);
      servers.push({
        name: "catch-all",
        summary: "Takes any address: a warning.",
        input: { email: "ada@anything.example", mx_port: anything.port, ...common },
      });
      servers.push({ name: "null-mx", summary: "A domain that says that it takes no mail: an error.", input: { email: "ada@no-mail.example", ...common } });
      return { servers, close };
    } catch (error) {
      await close();
      throw error;
    }
  },
});
