import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { type ImapServer, type ImapServerOptions, LAB_ACCOUNT, startImapServer } from "../../runner/lab/imap-server.js";

/** A server that is slow enough to be seen in a waterfall. */
const SLOW_MS = 120;

interface Bench {
  name: string;
  summary: string;
  server: ImapServerOptions;
  /** Beside target_host and target_port. The lab uses its own certificates: trust is not required. */
  input: Record<string, unknown>;
}

const BENCHES: readonly Bench[] = [
  { name: "plain", summary: "IMAP without TLS.", server: {}, input: {} },
  { name: "starttls", summary: "STARTTLS is offered.", server: { tls: "starttls" }, input: { tls: { mode: "starttls", verify: "ignore" } } },
  {
    name: "implicit",
    summary: "TLS from the first byte, as on port 993.",
    server: { tls: "implicit" },
    input: { tls: { mode: "implicit", verify: "ignore" } },
  },
  {
    name: "auth",
    summary: "STARTTLS, and a login.",
    server: { tls: "starttls", auth: LAB_ACCOUNT },
    input: { tls: { mode: "starttls", verify: "ignore" }, auth: LAB_ACCOUNT },
  },
  { name: "preauth", summary: "Every client is logged in already, so a login is impossible.", server: { auth: null }, input: {} },
  { name: "slow", summary: "Every answer takes its time.", server: { latencyMs: SLOW_MS }, input: { prefer: { max_response_time_ms: SLOW_MS / 2 } } },
];

export default defineLab({
  async start(nextPort) {
    const running: { bench: Bench; server: ImapServer }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map(({ server }) => server.close()));
    };
    try {
      // One after the other: with fixed ports, each has the one that its place says.
      for (const bench of BENCHES) running.push({ bench, server: await startImapServer({ ...bench.server, port: nextPort() }) });
    } catch (error) {
      await close();
      throw error;
    }
    return { servers: running.map(labServer), close };
  },
});

function labServer({ bench: { name, summary, input }, server }: { bench: Bench; server: ImapServer }): LabServer {
  return { name, summary, input: { target_host: server.host, target_port: server.port, ...input } };
}
