import { defineLab } from "../../runner/harness/define-lab.js";
import { type DynamoServerSettings, startDynamoServer } from "../../runner/lab/dynamodb-server.js";

const ACCOUNT = { access_key_id: "lab-key-id", secret_access_key: "lab-secret-key" };
const TABLES = [
  { name: "orders", items: [{ id: { S: "a1" }, state: { S: "paid" }, total: { N: "12.50" } }] },
  { name: "archive", status: "ARCHIVED", items: [] },
];
const SERVERS: readonly { name: string; summary: string; settings: DynamoServerSettings; input: object }[] = [
  {
    name: "signed",
    summary: "A signed request, and an item.",
    settings: { account: ACCOUNT, tables: TABLES },
    input: { auth: ACCOUNT, table: "orders", read: { key: { id: "a1" }, attributes: ["state", "total"] }, expect: { value: "paid" } },
  },
  { name: "open", summary: "Wants no signature.", settings: { tables: TABLES }, input: { prefer: { anonymous_access: false } } },
  { name: "archived", summary: "A table that takes no reads.", settings: { account: ACCOUNT, tables: TABLES }, input: { auth: ACCOUNT, table: "archive" } },
  {
    name: "clock",
    summary: "Its clock is ten minutes ahead, so it refuses the signature.",
    settings: { account: ACCOUNT, clockOffsetMs: 600_000 },
    input: { auth: ACCOUNT },
  },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startDynamoServer({ ...each.settings, port: nextPort() }) })));
    return {
      servers: running.map(({ name, summary, input, server: { port } }) => ({
        name,
        summary,
        input: { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, ...input },
      })),
      close: async () => void (await Promise.all(running.map(({ server }) => server.close()))),
    };
  },
});
