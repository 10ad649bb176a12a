import { defineLab } from "../../runner/harness/define-lab.js";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";
import { type Listener, listen, type ServedTls, serveTls } from "../../runner/net/transport/listen.js";

interface Bench {
  readonly name: string;
  readonly summary: string;
  readonly allowed: ServedTls;
}

const BENCHES: readonly Bench[] = [
  {
    name: "intermediate",
    summary: "TLS 1.2 and 1.3 with forward secrecy only.",
    allowed: { minVersion: "TLSv1.2", ciphers: "TLS_AES_128_GCM_SHA256:ECDHE+AESGCM" },
  },
  { name: "modern", summary: "TLS 1.3 only.", allowed: { minVersion: "TLSv1.3" } },
  {
    name: "old",
    summary: "TLS 1.0 to 1.2 with CBC suites: breaks most policies.",
    allowed: { minVersion: "TLSv1", maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0" },
  },
];

/** The lab's certificates are its own, and trusted by nothing. */
const UNTRUSTED = { verify: "ignore" } as const;

export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: ["localhost", "127.0.0.1"] });
    const running: { close(): Promise<void> }[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map((server) => server.close()));
    };
    try {
      const servers = [];
      for (const { name, summary, allowed } of BENCHES) {
        const server: Listener = await listen((socket) => void serveTls(socket, certificate, allowed).resume(), { port: nextPort() });
        running.push(server);
        servers.push({ name, summary, input: { target_host: server.host, target_port: server.port, ...UNTRUSTED } });
      }
      const smtp = await startSmtpServer({ tls: "starttls", port: nextPort() });
      running.push(smtp);
      servers.push({ name: "smtp", summary: "SMTP with STARTTLS.", input: { target_host: smtp.host, target_port: smtp.port, starttls: "smtp", ...UNTRUSTED } });
      return { servers, close };
    } catch (error) {
      await close();
      throw error;
    }
  },
});
