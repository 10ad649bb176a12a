import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { programPath } from "./programs.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

export const POSTGRES_PASSWORD = "correct-horse";

/** PostgreSQL does not run as root. */
const AS_POSTGRES = ["--reuid", "postgres", "--regid", "postgres", "--clear-groups"];

/** Who logs in how; the first line that fits counts. */
const ACCESS = [
  "hostssl all cora 127.0.0.1/32 cert",
  "host all tess 127.0.0.1/32 trust",
  "host all mona 127.0.0.1/32 md5",
  "host all cleo 127.0.0.1/32 password",
  "host all rita 127.0.0.1/32 reject",
  "host all all 127.0.0.1/32 scram-sha-256",
  "host replication all 127.0.0.1/32 trust",
  "",
];

interface PostgresSettings {
  readonly clientAuthority?: string | undefined;
  readonly maxConnections?: number | undefined;
}

/** A PostgreSQL server with TLS and a table of three rows. */
export async function startPostgres({ clientAuthority, maxConnections }: PostgresSettings = {}): Promise<RunningDaemon> {
  const prepare = (folder: string, data: string): void => {
    writeFileSync(join(folder, "password"), `${POSTGRES_PASSWORD}\n`);
    own(join(folder, "password"));
    asPostgres("initdb", [
      "-D",
      data,
      "-U",
      "postgres",
      "--pwfile",
      join(folder, "password"),
      "-A",
      "scram-sha-256",
      "-E",
      "UTF8",
      "--no-sync",
      "--locale",
      "C.UTF-8",
    ]);
    writeFileSync(join(data, "pg_hba.conf"), ACCESS.join("\n"));
  };
  const server = await start(prepare, { clientAuthority, maxConnections });
  try {
    fill(server.port);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function fill(port: number): void {
  const roles = ["tess", "cleo", "rita", "cora"].map((name) => `CREATE ROLE ${name} LOGIN PASSWORD '${POSTGRES_PASSWORD}'`);
  psql(port, [
    ...roles,
    `SET password_encryption = 'md5'; CREATE ROLE mona LOGIN PASSWORD '${POSTGRES_PASSWORD}'`,
    "CREATE TABLE orders (id serial PRIMARY KEY, name text); INSERT INTO orders (name) VALUES ('one'), ('two'), ('three'); GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
  ]);
}

/** A copy of the server that follows it. */
export function startReplica(port: number): Promise<RunningDaemon> {
  return start((_, data) =>
    asPostgres("pg_basebackup", ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-D", data, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"]),
  );
}

/** What psql prints of the last statement, without headings. */
export function psql(port: number, statements: readonly string[]): string {
  const words = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-d", "postgres", "-AtqX", ...statements.flatMap((sql) => ["-c", sql])];
  return execFileSync(programPath("psql") as string, words, { encoding: "utf8", env: { ...process.env, PGPASSWORD: POSTGRES_PASSWORD } }).trim();
}

function start(prepare: (folder: string, data: string) => void, { clientAuthority, maxConnections = 30 }: PostgresSettings = {}): Promise<RunningDaemon> {
  return runDaemon("postgres", "setpriv", (folder, port) => {
    const data = join(folder, "data");
    const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
    writeFileSync(join(folder, "cert.pem"), certificate);
    writeFileSync(join(folder, "key.pem"), key);
    if (clientAuthority !== undefined) writeFileSync(join(folder, "clients.pem"), clientAuthority);
    for (const name of ["", "cert.pem", "key.pem", ...(clientAuthority === undefined ? [] : ["clients.pem"])]) own(join(folder, name));
    chmodSync(join(folder, "key.pem"), 0o600);
    prepare(folder, data);
    const settings = {
      listen_addresses: "127.0.0.1",
      port: String(port),
      unix_socket_directories: "",
      fsync: "off",
      max_connections: String(maxConnections),
      ssl: "on",
      ssl_cert_file: join(folder, "cert.pem"),
      ssl_key_file: join(folder, "key.pem"),
      ...(clientAuthority === undefined ? {} : { ssl_ca_file: join(folder, "clients.pem") }),
    };
    return [...AS_POSTGRES, programPath("postgres") as string, "-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  });
}

function asPostgres(program: string, words: readonly string[]): void {
  const folder = dirname(realpathSync(programPath("postgres") as string));
  execFileSync("setpriv", [...AS_POSTGRES, join(folder, program), ...words], { stdio: "ignore", cwd: "/" });
}

function own(path: string): void {
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })));
  chownSync(path, uid as number, gid as number);
}
