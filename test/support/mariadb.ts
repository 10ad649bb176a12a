import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { programPath } from "./programs.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

export const MARIADB_PASSWORD = "correct-horse";

let servers = 0;

/** A MariaDB server with TLS, its users, and a table of three rows. */
export async function startMariaDb({ maxConnections = 30 } = {}): Promise<RunningDaemon> {
  const server = await start(maxConnections);
  try {
    fill(server.port);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function fill(port: number): void {
  mariadb(
    port,
    `
    CREATE USER ann IDENTIFIED VIA mysql_native_password USING PASSWORD('${MARIADB_PASSWORD}');
    CREATE USER eddy IDENTIFIED VIA ed25519 USING PASSWORD('${MARIADB_PASSWORD}');
    CREATE USER nora IDENTIFIED BY '';
    CREATE DATABASE shop;
    CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, name TEXT) ENGINE InnoDB;
    INSERT INTO shop.orders (name) VALUES ('one'), ('two'), ('three');
    CREATE PROCEDURE shop.changing() SELECT 1;
    GRANT ALL ON *.* TO ann; GRANT SELECT ON shop.* TO eddy, nora;
    CREATE USER follower IDENTIFIED BY '${MARIADB_PASSWORD}'; GRANT REPLICATION SLAVE ON *.* TO follower;`,
  );
  const body = "DETERMINISTIC MODIFIES SQL DATA BEGIN INSERT INTO shop.orders (name) VALUES ('x'); RETURN 1; END";
  mariadb(port, `DELIMITER //\nCREATE FUNCTION shop.writing() RETURNS INT ${body} //`);
}

/** A server that follows another. */
export async function startMariaDbReplica(port: number): Promise<RunningDaemon> {
  const replica = await start();
  mariadb(
    replica.port,
    `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${port}, MASTER_USER='follower', MASTER_PASSWORD='${MARIADB_PASSWORD}', MASTER_USE_GTID=slave_pos; START SLAVE;`,
  );
  return replica;
}

/** What the mariadb client prints, without headings. */
export function mariadb(port: number, sql: string): string {
  const words = ["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", String(port), "-u", "root", "-N", "-B", "-e", sql];
  return execFileSync(programPath("mariadb") as string, words, { encoding: "utf8" }).trim();
}

function start(maxConnections = 30): Promise<RunningDaemon> {
  servers += 1;
  const id = servers;
  return runDaemon("mariadb", programPath("mariadbd") as string, (folder, port) => {
    const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
    writeFileSync(join(folder, "cert.pem"), certificate);
    writeFileSync(join(folder, "key.pem"), key);
    const data = join(folder, "data");
    const user = process.getuid?.() === 0 ? ["--user=root"] : [];
    execFileSync(
      programPath("mariadb-install-db") as string,
      ["--no-defaults", `--datadir=${data}`, ...user, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"],
      { stdio: "ignore" },
    );
    const files = [`--datadir=${data}`, `--socket=${join(folder, "socket")}`, `--ssl-cert=${join(folder, "cert.pem")}`, `--ssl-key=${join(folder, "key.pem")}`];
    const binlog = ["--log-bin=binlog", `--server-id=${id}`, "--skip-slave-start", `--log-basename=server${id}`];
    return [
      "--no-defaults",
      ...user,
      ...files,
      ...binlog,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      `--max-connections=${maxConnections}`,
      "--plugin-load-add=auth_ed25519",
    ];
  });
}
