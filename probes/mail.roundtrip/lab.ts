import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { LAB_ACCOUNT } from "../../runner/lab/imap-server.js";
import { type MailSystem, type MailSystemOptions, startMailSystem } from "../../runner/lab/mail-system.js";

/** Long enough to be seen in the picture, short enough to wait for. */
const GREYLIST_MS = 800;
const DELAY_MS = 300;
/** The lab uses its own certificates: trust is not required. */
const TRUSTING = { verify: "ignore" } as const;

const SEND = { from_addr: "lab@sender.example", to_addr: "you@recipient.example", subject_prefix: "[lab]", tls_options: TRUSTING, ...LAB_ACCOUNT };
const RECEIVE = { tls_mode: "starttls", tls_options: TRUSTING, ...LAB_ACCOUNT };
const ASKED = { wait_ms: 5000, duplicate_wait_ms: 0, clean_up: true };

interface Bench {
  name: string;
  summary: string;
  system: MailSystemOptions;
  /** Beside the hosts and the accounts. */
  receive?: Record<string, unknown>;
  input: Record<string, unknown>;
}

const BENCHES: readonly Bench[] = [
  {
    name: "loop",
    summary: "Greylists the sender, then accepts the message and delivers it to the mailbox.",
    system: { smtp: { greylistMs: GREYLIST_MS }, delivery: { delayMs: DELAY_MS } },
    input: { expect: { spf: "pass", dkim: "pass", dmarc: "pass", folder: "inbox", max_duplicates: 0 } },
  },
  {
    name: "slow",
    summary: "Is slow to deliver: a warning.",
    system: { delivery: { delayMs: DELAY_MS } },
    input: { thresholds: { warning: { transit_ms: DELAY_MS / 2 }, error: { transit_ms: 60_000 } } },
  },
  {
    name: "spam",
    summary: "Classifies the message as spam: an error.",
    system: { delivery: { folder: "Junk" } },
    receive: { poll_interval_ms: 200 },
    input: { expect: { folder: "inbox" } },
  },
  { name: "twice", summary: "Delivers it twice: a warning.", system: { delivery: { copies: 2, copyAfterMs: 100 } }, input: { duplicate_wait_ms: 300 } },
  { name: "doubt", summary: "Closes without a reply to the message, and delivers it: a warning.", system: { smtp: { onMessage: () => "close" } }, input: {} },
  { name: "never", summary: "Accepts the message and loses it: an error.", system: { delivery: { copies: 0 } }, input: { wait_ms: 400 } },
];

export default defineLab({
  async start(nextPort) {
    const running: MailSystem[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map((system) => system.close()));
    };
    try {
      const servers: LabServer[] = [];
      for (const bench of BENCHES) {
        const system = await startBench(bench, nextPort);
        running.push(system);
        servers.push(labServer(bench, system));
      }
      return { servers, close };
    } catch (error) {
      await close();
      throw error;
    }
  },
});

function startBench({ system: { smtp, imap, delivery = {} } }: Bench, nextPort: () => number): Promise<MailSystem> {
  const secured = { tls: "starttls", auth: LAB_ACCOUNT } as const;
  return startMailSystem({ smtp: { ...secured, ...smtp, port: nextPort() }, imap: { ...secured, ...imap, port: nextPort() }, delivery });
}

function labServer({ name, summary, receive: more, input }: Bench, { smtp, imap }: MailSystem): LabServer {
  const send = { host: smtp.host, port: smtp.port, retry_delay: GREYLIST_MS / 1000 + 0.1, ...SEND };
  const receive = { host: imap.host, port: imap.port, ...RECEIVE, ...more };
  return { name, summary, input: { send, receive, ...ASKED, ...input } };
}
