import { defineLab } from "../../runner/harness/define-lab.js";
import { startTnsListener, type TnsListenerSettings } from "../../runner/lab/tns-listener.js";

const SERVERS: readonly { name: string; summary: string; settings: TnsListenerSettings; input: object }[] = [
  { name: "listener", summary: "Says its version, and has a service.", settings: { services: ["shop"] }, input: { service_name: "shop" } },
  { name: "unknown-service", summary: "Does not know the service.", settings: {}, input: { service_name: "shop" } },
  { name: "full", summary: "Has no room for another session.", settings: { error: 12516 }, input: { service_name: "shop" } },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startTnsListener({ ...each.settings, port: nextPort() }) })));
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
