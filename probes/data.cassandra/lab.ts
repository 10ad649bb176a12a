import { defineLab } from "../../runner/harness/define-lab.js";
import { type CassandraServerSettings, startCassandraServer } from "../../runner/lab/cassandra-server.js";

const ACCOUNT = { username: "lab", password: "lab-password" };
const SERVERS: readonly { name: string; summary: string; settings: CassandraServerSettings; input: object }[] = [
  { name: "open", summary: "Wants no login.", settings: {}, input: { prefer: { anonymous_access: false } } },
  {
    name: "login",
    summary: "A login, and two other nodes.",
    settings: { account: ACCOUNT, peers: ["one", "one"] },
    input: { auth: { ...ACCOUNT, allow_plaintext: true }, expect: { min_peers: 2, schema_agreement: true, cluster_name: "lab" } },
  },
  { name: "another-schema", summary: "A node that has another schema.", settings: { peers: ["one", "two"] }, input: { expect: { schema_agreement: true } } },
  {
    name: "wrong-password",
    summary: "Refuses the login.",
    settings: { account: ACCOUNT },
    input: { auth: { ...ACCOUNT, password: "another-password", allow_plaintext: true } },
  },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startCassandraServer({ ...each.settings, port: nextPort() }) })));
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
