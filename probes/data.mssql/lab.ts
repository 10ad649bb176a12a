import { defineLab } from "../../runner/harness/define-lab.js";
import { startTdsServer, type TdsServerSettings } from "../../runner/lab/tds-server.js";

const ACCOUNT = { username: "lab", password: "lab-password" };
const AUTH = { ...ACCOUNT, allow_plaintext: true };
const SQL = "SELECT state, total FROM orders WHERE id = @p1";
const SERVERS: readonly { name: string; summary: string; settings: TdsServerSettings; input: object }[] = [
  { name: "greeting", summary: "Says its version and what it encrypts; nothing is logged in.", settings: { encryption: "on" }, input: {} },
  {
    name: "login",
    summary: "A login, and a row.",
    settings: { account: ACCOUNT, queries: [{ sql: SQL, columns: ["state", "total"], rows: [["paid", 12]] }] },
    input: { auth: AUTH, query: { sql: SQL, parameters: [7] }, expect: { value: "paid" } },
  },
  { name: "wrong-password", summary: "Refuses the login.", settings: { account: ACCOUNT }, input: { auth: { ...AUTH, password: "another-password" } } },
  { name: "encrypted-only", summary: "Takes encrypted sessions only.", settings: { encryption: "required" }, input: {} },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startTdsServer({ ...each.settings, port: nextPort() }) })));
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
