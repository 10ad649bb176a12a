import { defineLab } from "../../runner/harness/define-lab.js";
import { type NtpServerSettings, startNtpServer } from "../../runner/lab/ntp-server.js";
import { startNtsServer } from "../../runner/lab/nts-server.js";

const SERVERS: readonly { name: string; summary: string; settings: NtpServerSettings; input: object }[] = [
  { name: "good", summary: "A synchronised server of stratum 2.", settings: {}, input: {} },
  { name: "ahead", summary: "Its clock is two seconds ahead.", settings: { aheadMs: 2000 }, input: { prefer: { max_offset_ms: 100 } } },
  { name: "unsynchronised", summary: "Its clock was never set.", settings: { leap: 3, stratum: 16, referenceId: "INIT" }, input: {} },
  { name: "kiss", summary: "Refuses: too many requests.", settings: { stratum: 0, referenceId: "RATE" }, input: {} },
];

export default defineLab({
  async start(nextPort) {
    const nts = await startNtsServer({ port: nextPort(), timePort: nextPort() });
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startNtpServer({ ...each.settings, port: nextPort() }) })));
    return {
      servers: [
        ...running.map(({ name, summary, input, server: { host, port } }) => ({
          name,
          summary,
          input: { target_host: host, target_port: port, ...input },
        })),
        {
          name: "nts",
          summary: "Authenticated time: keys are established over TLS first.",
          input: { target_host: nts.host, target_port: nts.timePort, nts: { port: nts.port, verify: "ignore" } },
        },
      ],
      close: async () => void (await Promise.all([nts.close(), ...running.map(({ server }) => server.close())])),
    };
  },
});
