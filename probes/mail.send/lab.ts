import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { type SmtpServerOptions, startSmtpServer } from "../../runner/lab/smtp-server.js";

const ACCOUNT = { username: "lab", password: "lab-password" };
const INPUT = { from_addr: "lab@sender.example", to_addr: "you@recipient.example", subject_prefix: "[lab]" };
/** Short enough to watch. */
const GREYLIST_MS = 2000;
/** The lab uses its own certificates: trust is not required. */
const TRUSTING = { verify: "ignore" } as const;

const BENCHES: readonly { name: string; summary: string; server: SmtpServerOptions; input: Record<string, unknown> }[] = [
  {
    name: "submission",
    summary: "STARTTLS, a login, and the message is accepted.",
    server: { tls: "starttls", auth: ACCOUNT },
    input: { tls_options: TRUSTING, ...ACCOUNT },
  },
  {
    name: "greylisting",
    summary: "Greylists the sender, and accepts the message two seconds later.",
    server: { greylistMs: GREYLIST_MS },
    input: { tls: "none", retry_delay: GREYLIST_MS / 1000 + 0.2 },
  },
  {
    name: "implicit",
    summary: "TLS from the first byte, and no login.",
    server: { tls: "implicit" },
    input: { tls: "implicit", tls_options: TRUSTING },
  },
  {
    name: "wrong-password",
    summary: "Rejects the password: an error after one attempt.",
    server: { tls: "starttls", auth: ACCOUNT },
    input: { tls_options: TRUSTING, ...ACCOUNT, password: "not-the-word" },
  },
];

export default defineLab({
  async start(nextPort) {
    const running: { close(): Promise<unknown> }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map((server) => server.close()));
    };
    try {
      const servers: LabServer[] = [];
      for (const { name, summary, server: options, input } of BENCHES) {
        const server = await startSmtpServer({ ...options, port: nextPort() });
        running.push(server);
        servers.push({ name, summary, input: { host: server.host, port: server.port, ...INPUT, ...input } });
      }
      return { servers, close };
    } catch (error) {
      await close();
      throw error;
    }
  },
});
