import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from "../../runner/lab/smtp-server.js";

const ACCOUNT = { username: "lab", password: "lab-password" };
const TEST_MESSAGE = { mail_from: "lab@sender.example", rcpt_to: "you@recipient.example" };
/** Longer than a person needs to look at the answer and run it again. */
const GREYLIST_MS = 10_000;

interface Bench {
  name: string;
  summary: string;
  server: SmtpServerOptions;
  /** Beside target_host and target_port. The lab uses its own certificates: trust is not required. */
  input: Record<string, unknown>;
}

const BENCHES: readonly Bench[] = [
  { name: "plain", summary: "SMTP without TLS.", server: {}, input: {} },
  { name: "starttls", summary: "STARTTLS is offered.", server: { tls: "starttls" }, input: { tls: { mode: "starttls", verify: "ignore" } } },
  {
    name: "implicit",
    summary: "TLS from the first byte, as on port 465.",
    server: { tls: "implicit" },
    input: { tls: { mode: "implicit", verify: "ignore" } },
  },
  {
    name: "auth",
    summary: "STARTTLS, and a login before anything is sent.",
    server: { tls: "starttls", auth: ACCOUNT },
    input: { tls: { mode: "starttls", verify: "ignore" }, auth: ACCOUNT },
  },
  {
    name: "greylisting",
    summary: "Rejects a new sender temporarily, and accepts the message later.",
    server: { greylistMs: GREYLIST_MS },
    input: { send_message: TEST_MESSAGE },
  },
];

export default defineLab({
  async start(nextPort) {
    const running: { bench: Bench; server: SmtpServer }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map(({ server }) => server.close()));
    };
    try {
      // One after the other: with fixed ports, each has the one that its place says.
      for (const bench of BENCHES) running.push({ bench, server: await startSmtpServer({ ...bench.server, port: nextPort() }) });
    } catch (error) {
      await close();
      throw error;
    }
    return { servers: running.map(labServer), close };
  },
});

function labServer({ bench: { name, summary, input }, server }: { bench: Bench; server: SmtpServer }): LabServer {
  return { name, summary, input: { target_host: server.host, target_port: server.port, ...input } };
}
