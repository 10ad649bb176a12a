import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess, until } from "./daemon.js";
import { settings } from "./postfix-config.js";
import { programPath } from "./programs.js";

export interface DovecotAuth {
  /** What postfix asks who may log in. */
  readonly socket: string;
  stop(): Promise<void>;
}

/** Starts dovecot for nothing but answering whether a password is right: any user, with this password. */
export async function startDovecotAuth(folder: string, password: string): Promise<DovecotAuth> {
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, "dovecot.conf");
  const log = join(folder, "dovecot.log");
  const socket = join(folder, "run", "auth-client");
  writeFileSync(configuration, dovecotConf(folder, log, password));
  // It keeps its output open as long as it lives, so that must not be ours.
  const output = openSync(join(folder, "output.log"), "a");
  const child = spawn(programPath("dovecot") as string, ["-F", "-c", configuration], { stdio: ["ignore", output, output] });
  await until(() => existsSync(socket), "dovecot does not open its auth socket", child.exitCode === null ? log : join(folder, "output.log"));
  return { socket, stop: () => endProcess(child.pid as number, "dovecot", log) };
}

function dovecotConf(folder: string, log: string, password: string): string {
  return `${settings({
    base_dir: join(folder, "run"),
    state_dir: join(folder, "state"),
    log_path: log,
    protocols: "",
    ssl: "no",
    auth_mechanisms: "plain login cram-md5 scram-sha-256",
    // A wrong password is answered at once, and not after two seconds.
    auth_failure_delay: "0",
  })}
passdb {
  driver = static
  args = password=${password}
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}
# Who has failed once is otherwise answered later and later.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`;
}
