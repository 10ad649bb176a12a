import { defineLab } from "../../runner/harness/define-lab.js";
import { type PostgresServerSettings, startPostgresServer } from "../../runner/lab/postgresql-server.js";

const AUTH = { username: "lab", password: "lab-password" };
const SERVERS: readonly { name: string; summary: string; settings: PostgresServerSettings; input: object }[] = [
  {
    name: "primary",
    summary: "A login, and one value.",
    settings: { value: "42" },
    input: { auth: AUTH, query: { sql: "SELECT value" }, expect: { value: "42", role: "primary" } },
  },
  {
    name: "replica",
    summary: "A replica that is behind.",
    settings: { isReplica: true },
    input: { auth: AUTH, prefer: { max_replication_lag_s: 10, auth_methods: ["SCRAM-SHA-256"] } },
  },
  { name: "wrong-password", summary: "Refuses the login.", settings: {}, input: { auth: { ...AUTH, password: "another-password" } } },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startPostgresServer({ ...each.settings, port: nextPort() }) })));
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
