import { defineLab } from "../../runner/harness/define-lab.js";
import { type RedisServerSettings, startRedisServer } from "../../runner/lab/redis-server.js";

const LOGIN = { password: "lab-password", allow_plaintext: true };
const SERVERS: readonly { name: string; summary: string; settings: RedisServerSettings; input: object }[] = [
  { name: "open", summary: "Answers without a login.", settings: {}, input: { prefer: { anonymous_access: false } } },
  {
    name: "login",
    summary: "Wants a password, and has one value.",
    settings: { password: "lab-password", values: { greeting: "hello" } },
    input: { auth: LOGIN, reads: [{ command: "GET", arguments: ["greeting"], value: "hello" }], expect: { role: "primary", anonymous_access: false } },
  },
  {
    name: "wrong-password",
    summary: "Refuses the login.",
    settings: { password: "lab-password" },
    input: { auth: { ...LOGIN, password: "another-password" } },
  },
  {
    name: "replica",
    summary: "A replica that has lost its primary.",
    settings: { info: { role: "slave", master_host: "192.0.2.1", master_port: "6379", master_link_status: "down", master_last_io_seconds_ago: "-1" } },
    input: {},
  },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startRedisServer({ ...each.settings, port: nextPort() }) })));
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
