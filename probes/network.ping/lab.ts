import { defineLab } from "../../runner/harness/define-lab.js";
import { listen } from "../../runner/net/transport/listen.js";
import { isInstalled } from "../../runner/support/is-installed.js";

/** Echo requests are answered by the system itself: the loopback needs no server. */
export default defineLab({
  async start(nextPort) {
    const server = await listen((socket) => void socket.resume(), { port: nextPort() });
    const target = { target_host: server.host, target_port: server.port, count: 3 };
    return {
      servers: [
        { name: "tcp", summary: "A port that accepts connections.", input: { ...target, method: "tcp" } },
        ...(isInstalled("ping") ? [{ name: "icmp", summary: "The loopback, by the system's ping.", input: { ...target, method: "icmp" } }] : []),
      ],
      close: () => server.close(),
    };
  },
});
