import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { type ImapServer, type ImapServerOptions, startImapServer } from "../../runner/lab/imap-server.js";
import { MailStore } from "../../runner/lab/store/mail-store.js";

const TOKEN = "1ab0c4";
const ARRIVES_AFTER_MS = 700;
const LONG_ENOUGH = { wait_ms: 5000, poll_interval_ms: 1000 };

interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Puts mail into the mailbox, now or when the client begins to listen. */
  readonly server: (store: MailStore) => ImapServerOptions;
  readonly input: Record<string, unknown>;
}

const BENCHES: readonly Bench[] = [
  { name: "there", summary: "The message is in the INBOX.", server: (store) => holding(() => void store.inbox.add(testMessage())), input: { wait_ms: 0 } },
  { name: "arrives", summary: "The message arrives during IDLE.", server: (store) => later(() => void store.inbox.add(testMessage())), input: LONG_ENOUGH },
  {
    name: "without-idle",
    summary: "The server does not offer IDLE and is polled.",
    server: (store) => ({
      ...holding(() => void setTimeout(() => store.inbox.add(testMessage()), ARRIVES_AFTER_MS).unref()),
      capabilities: ["UIDPLUS", "SPECIAL-USE"],
    }),
    input: { ...LONG_ENOUGH, poll_interval_ms: 200 },
  },
  {
    name: "lost",
    summary: "The connection is lost during IDLE, and the message arrives meanwhile.",
    server: (store) => ({
      behave: ({ name, before }) => {
        if (name !== "IDLE" || before > 0) return undefined;
        setTimeout(() => store.inbox.add(testMessage()), ARRIVES_AFTER_MS / 2).unref();
        return { closeAfterMs: ARRIVES_AFTER_MS / 4 };
      },
    }),
    input: LONG_ENOUGH,
  },
  {
    name: "spam",
    summary: "The message is in the spam folder: a warning.",
    server: (store) => holding(() => void store.junk.add(testMessage("X-Spam-Flag: YES"))),
    input: { wait_ms: 0 },
  },
  {
    name: "twice",
    summary: "The message is there twice: a warning.",
    server: (store) => holding(() => void [store.inbox.add(testMessage()), store.inbox.add(testMessage())]),
    input: { wait_ms: 0 },
  },
  { name: "nothing", summary: "The message never arrives: an error.", server: () => ({}), input: { wait_ms: 500 } },
];

export default defineLab({
  async start(nextPort) {
    const running: { bench: Bench; server: ImapServer }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map(({ server }) => server.close()));
    };
    try {
      for (const bench of BENCHES) {
        const store = new MailStore();
        running.push({ bench, server: await startImapServer({ tls: "implicit", store, port: nextPort(), ...bench.server(store) }) });
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { servers: running.map(labServer), close };
  },
});

function labServer({ bench: { name, summary, input }, server }: { bench: Bench; server: ImapServer }): LabServer {
  const login = { username: "lab", password: "lab-password" };
  // The lab's certificates are its own, and its mail gets older while it runs.
  const common = { tls_options: { verify: "ignore" }, token: TOKEN, max_age_minutes: 525_600 };
  return { name, summary, input: { host: server.host, port: server.port, ...login, ...common, ...input } };
}

function holding(fill: () => void): ImapServerOptions {
  fill();
  return {};
}

/** Some time after a client has begun to listen. */
function later(deliver: () => void): ImapServerOptions {
  return {
    behave: ({ name, before }) => {
      if (name === "IDLE" && before === 0) setTimeout(deliver, ARRIVES_AFTER_MS).unref();
      return undefined;
    },
  };
}

/** A message that went over two hosts, with what the last one found. */
function testMessage(...more: readonly string[]): Buffer {
  const now = Date.now();
  const date = (secondsAgo: number): string => new Date(now - secondsAgo * 1000).toUTCString().replace("GMT", "+0000");
  return Buffer.from(
    [
      "Authentication-Results: mx.recipient.example; spf=pass smtp.mailfrom=sender.example;",
      " dkim=pass header.d=sender.example; dmarc=pass header.from=sender.example",
      "Received: from out.sender.example (out.sender.example [192.0.2.1])",
      "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))",
      `\tby mx.recipient.example with ESMTPS id 4dC0001x2y3z; ${date(2)}`,
      `Received: from lab (localhost [127.0.0.1]) by out.sender.example with ESMTPSA id 1A2B3C; ${date(5)}`,
      ...more,
      `Subject: [lab] ${new Date(now - 5000).toISOString().slice(0, 19)}Z ${TOKEN}`,
      `Message-ID: <${TOKEN}@sender.example>`,
      "From: lab@sender.example",
      "To: you@recipient.example",
      `Date: ${date(5)}`,
      "",
      "This is a test message. It may be deleted.",
      "",
    ].join("\r\n"),
  );
}
