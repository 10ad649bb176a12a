import { defineLab } from "../../runner/harness/define-lab.js";
import { isInstalled } from "../../runner/support/is-installed.js";

const LOOPBACK = { name: "loopback", summary: "This machine, one hop away, by the system's traceroute.", input: { target_host: "127.0.0.1", probes: 1 } };

/** The loopback answers by itself: there is nothing to start. Without traceroute there is nothing to try. */
export default defineLab({
  async start() {
    return { servers: isInstalled("traceroute") ? [LOOPBACK] : [], close: async () => undefined };
  },
});
