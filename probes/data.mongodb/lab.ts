import { defineLab } from "../../runner/harness/define-lab.js";
import { type MongoServerSettings, startMongoServer } from "../../runner/lab/mongodb-server.js";

const ACCOUNT = { username: "lab", password: "lab-password" };
const SET = { setName: "lab", secondary: true, isWritablePrimary: false, primary: "one.lab:27017" };
const member = (name: string, stateStr: string, optimeDate: string, health = 1): { [key: string]: string | number } => ({ name, stateStr, optimeDate, health });
const STATUS = {
  members: [
    member("one.lab:27017", "PRIMARY", "2026-11-29T12:00:42.000Z"),
    { ...member("two.lab:27017", "SECONDARY", "2026-11-29T12:00:00.000Z"), self: true },
    member("three.lab:27017", "(not reachable/healthy)", "1970-01-01T00:00:00.000Z", 0),
  ],
};
const SERVERS: readonly { name: string; summary: string; settings: MongoServerSettings; input: object }[] = [
  { name: "open", summary: "Wants no login.", settings: {}, input: { prefer: { anonymous_access: false } } },
  {
    name: "login",
    summary: "A login, and a document.",
    settings: { account: ACCOUNT, documents: [{ _id: 1, state: "paid" }] },
    input: { auth: ACCOUNT, find: { database: "shop", collection: "orders", fields: ["state"] }, expect: { value: "paid", anonymous_access: false } },
  },
  {
    name: "replica",
    summary: "A replica that is behind, in a set with a member that is away.",
    settings: { hello: SET, status: STATUS },
    input: { prefer: { max_replication_lag_s: 10 } },
  },
  { name: "wrong-password", summary: "Refuses the login.", settings: { account: ACCOUNT }, input: { auth: { ...ACCOUNT, password: "another-password" } } },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startMongoServer({ ...each.settings, port: nextPort() }) })));
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
