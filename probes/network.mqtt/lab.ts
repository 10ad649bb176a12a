import { defineLab } from "../../runner/harness/define-lab.js";
import { type MqttBrokerSettings, startMqttBroker } from "../../runner/lab/mqtt-broker.js";

const SERVERS: readonly { name: string; summary: string; settings: MqttBrokerSettings; input: object }[] = [
  { name: "plain", summary: "A broker that is only connected to.", settings: {}, input: {} },
  {
    name: "round-trip",
    summary: "Publishes a message, and gets it back.",
    settings: {},
    input: { subscribe: [{ topic: "probe/test" }], publish: { topic: "probe/test", payload: "hello" } },
  },
  {
    name: "retained",
    summary: "Only a retained message: the sensor may be dead.",
    settings: { retained: { "sensor/1": "21.5" } },
    input: { subscribe: [{ topic: "sensor/1" }], wait_ms: 200, prefer: { min_messages: 1 } },
  },
  { name: "refused", summary: "Refuses the connection.", settings: { connackCode: 135 }, input: {} },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startMqttBroker({ ...each.settings, port: nextPort() }) })));
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
