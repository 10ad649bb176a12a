import { createRequire } from "node:module";
import { REPLICATION, STATUS, VARIABLES } from "../../probes/data.mysql/facts.js";
import { QUESTION } from "../../probes/data.postgresql/facts.js";
import { type RateRequest, serveRates } from "./rate-tasks.js";

// node data-peers.js FOLDER: npm's clients, with a connection for each check and the questions of our probes. FOLDER has pg, mysql2 and ioredis.
const [folder = ""] = process.argv.slice(2);
const packages = createRequire(`${folder}/package.json`);

interface Pg {
  Client: new (options: object) => { connect(): Promise<void>; query(sql: string): Promise<unknown>; end(): Promise<void> };
}
interface Mysql {
  createConnection(options: object): Promise<{ ping(): Promise<void>; query(sql: string): Promise<unknown>; end(): Promise<void> }>;
}
interface IoRedis {
  Redis: new (options: object) => { connect(): Promise<void>; call(...words: string[]): Promise<unknown>; disconnect(): void };
}

const HOST = "127.0.0.1";
interface Account {
  readonly username: string;
  readonly password: string;
}

const WAYS: Readonly<Record<string, (port: number, account: Account) => Promise<void>>> = {
  async pg(port, { username: user, password }) {
    const client = new (packages("pg") as Pg).Client({ host: HOST, port, user, password, database: "postgres" });
    await client.connect();
    for (const sql of ["", QUESTION]) await client.query(sql);
    await client.end();
  },
  async mysql2(port, { username: user, password }) {
    const connection = await (packages("mysql2/promise") as Mysql).createConnection({ host: HOST, port, user, password });
    await connection.ping();
    for (const sql of [VARIABLES, STATUS, REPLICATION[0]]) await connection.query(sql);
    await connection.end();
  },
  async ioredis(port) {
    const client = new (packages("ioredis") as IoRedis).Redis({ host: HOST, port, lazyConnect: true, enableReadyCheck: false });
    await client.connect();
    // It sends HELLO by itself.
    for (const command of ["PING", "INFO", "TIME", "PING"]) await client.call(command);
    client.disconnect();
  },
};

serveRates(({ way, target, input }: RateRequest) => {
  const { auth } = { auth: { username: "", password: "" }, ...input } as { auth: Account };
  return (WAYS[way] as (port: number, account: Account) => Promise<void>)(Number(target), auth);
});
