import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { type Pop3Server, type Pop3ServerOptions, startPop3Server } from "../../runner/lab/pop3-server.js";

const ACCOUNT = { username: "lab", password: "lab-password" };

interface Bench {
  name: string;
  summary: string;
  server: Pop3ServerOptions;
  /** Beside target_host and target_port. The lab uses its own certificates: trust is not required. */
  input: Record<string, unknown>;
}

const BENCHES: readonly Bench[] = [
  { name: "plain", summary: "POP3 without TLS.", server: { greetsWithTimestamp: false }, input: {} },
  { name: "starttls", summary: "STLS is offered.", server: { tls: "starttls" }, input: { tls: { mode: "starttls", verify: "ignore" } } },
  {
    name: "implicit",
    summary: "TLS from the first byte, as on port 995.",
    server: { tls: "implicit" },
    input: { tls: { mode: "implicit", verify: "ignore" } },
  },
  {
    name: "auth",
    summary: "STLS, and a login that counts messages.",
    server: { tls: "starttls", auth: ACCOUNT },
    input: { tls: { mode: "starttls", verify: "ignore" }, auth: ACCOUNT },
  },
  { name: "apop", summary: "A login in the clear that shows no password.", server: { auth: ACCOUNT }, input: { auth: { ...ACCOUNT, mechanism: "APOP" } } },
];

export default defineLab({
  async start(nextPort) {
    const running: { bench: Bench; server: Pop3Server }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map(({ server }) => server.close()));
    };
    try {
      // One after the other: with fixed ports, each has the one that its place says.
      for (const bench of BENCHES) running.push({ bench, server: await startPop3Server({ ...bench.server, port: nextPort() }) });
    } catch (error) {
      await close();
      throw error;
    }
    return { servers: running.map(labServer), close };
  },
});

function labServer({ bench: { name, summary, input }, server }: { bench: Bench; server: Pop3Server }): LabServer {
  return { name, summary, input: { target_host: server.host, target_port: server.port, ...input } };
}
