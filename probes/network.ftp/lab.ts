import { defineLab } from "../../runner/harness/define-lab.js";
import { type FtpServerOptions, startFtpServer } from "../../runner/lab/ftp-server.js";

interface Bench {
  readonly name: string;
  readonly summary: string;
  readonly server: FtpServerOptions;
  readonly input: Record<string, unknown>;
}

const ANONYMOUS = { username: "anonymous" };
const ACCOUNT = { username: "lab", password: "lab-password" };
const SLOW_MS = 60;

const BENCHES: readonly Bench[] = [
  {
    name: "anonymous",
    summary: "Plain text, and a list for anonymous users.",
    server: { latencyMs: SLOW_MS },
    input: { auth: ANONYMOUS, list: { show: true } },
  },
  {
    name: "starttls",
    summary: "AUTH TLS, a login, and data connections that must resume the TLS session.",
    server: { tls: "starttls", requiresResumption: true },
    input: { tls: { mode: "starttls", verify: "ignore" }, auth: ACCOUNT, list: {}, download: { path: "README" }, expect: { tls_resumed: true } },
  },
  {
    name: "implicit",
    summary: "TLS from the first byte, as on port 990.",
    server: { tls: "implicit" },
    input: { tls: { mode: "implicit", verify: "ignore" }, auth: ACCOUNT, list: { command: "MLSD" } },
  },
  {
    name: "behind-nat",
    summary: "The reply to PASV names an inner address of the server's network.",
    server: { passiveAddress: "10.0.0.7" },
    input: { auth: ANONYMOUS, passive: "pasv", list: {} },
  },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(BENCHES.map(async (bench) => ({ ...bench, server: await startFtpServer({ ...bench.server, port: nextPort() }) })));
    return {
      servers: running.map(({ name, summary, input, server: { host, port } }) => ({
        name,
        summary,
        input: { target_host: host, target_port: port, ...input },
      })),
      close: async () => void (await Promise.all(running.map(({ server }) => server.close()))),
    };
  },
});
