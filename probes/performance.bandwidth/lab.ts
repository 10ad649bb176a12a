import { defineLab } from "../../runner/harness/define-lab.js";
import { startBandwidthServer } from "../../runner/lab/bandwidth-server.js";

/** Far below what the loopback can do: the rate cap decides. */
const SHORT = { test_seconds: 1, max_bits_per_second: 20_000_000 };

export default defineLab({
  async start(nextPort) {
    const server = await startBandwidthServer(nextPort());
    const url = `${server.origin}/`;
    return {
      servers: [
        { name: "both", summary: "Random bytes to download, and a place to upload them to.", input: { url, direction: "both", ...SHORT } },
        { name: "down", summary: "The same, downloaded by four streams.", input: { url, streams: 4, ...SHORT } },
      ],
      close: () => server.close(),
    };
  },
});
