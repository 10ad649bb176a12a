import { defineLab, type LabServer } from "../../runner/harness/define-lab.js";
import { LAB_SITE, startHttpServer } from "../../runner/lab/http-server.js";
import { selfSigned } from "../../runner/lab/self-signed.js";

interface Bench {
  readonly name: string;
  readonly summary: string;
  readonly isSecure: boolean;
  readonly path: string;
  /** Beside url. The lab's certificates are its own: they are not trusted. */
  readonly input: Record<string, unknown>;
}

const IGNORED = { tls: { verify: "ignore" } };

const BENCHES: readonly Bench[] = [
  { name: "plain", summary: "A page over HTTP/1.1.", isSecure: false, path: "/", input: {} },
  { name: "https", summary: "The same over TLS and HTTP/2.", isSecure: true, path: "/", input: IGNORED },
  { name: "redirect", summary: "A page that has moved.", isSecure: true, path: "/old", input: IGNORED },
  {
    name: "gzip",
    summary: "A compressed body.",
    isSecure: false,
    path: "/gzip",
    input: { compression: ["gzip"], expect: { body: { contains: "It works." } } },
  },
  { name: "events", summary: "A stream of server-sent events.", isSecure: false, path: "/events", input: { events: true } },
  { name: "slow", summary: "A response that is late.", isSecure: false, path: "/slow", input: { prefer: { max_first_byte_ms: 60 } } },
  { name: "down", summary: "A service that is unavailable.", isSecure: false, path: "/down", input: {} },
];

export default defineLab({
  async start(nextPort) {
    const certificate = selfSigned({ names: ["localhost", "127.0.0.1"] });
    const running: { close(): Promise<void> }[] = [];
    const servers: LabServer[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(running.map((server) => server.close()));
    };
    try {
      // One after the other: with fixed ports, each has the one of its place.
      for (const { name, summary, isSecure, path, input } of BENCHES) {
        const server = await startHttpServer(LAB_SITE, { port: nextPort(), ...(isSecure ? { certificate } : {}) });
        running.push(server);
        servers.push({ name, summary, input: { url: `${server.origin}${path}`, ...input } });
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { servers, close };
  },
});
