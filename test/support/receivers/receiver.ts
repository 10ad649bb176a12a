import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening, tail } from "../daemon.js";
import { freePorts } from "../free-ports.js";

/** A mail server that accepts mail for alice and bob at example.org, and refuses all other recipients as unknown. */
export interface Receiver {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The messages that alice and bob have, in no order. */
  delivered(): string[];
  log(): string;
  stop(): Promise<void>;
}

export interface ReceiverPlan {
  readonly name: string;
  /** Fills the root, and gives the command that is started in it. It stays in the foreground. */
  prepare(root: string, port: number): Promise<readonly string[]>;
}

const ATTEMPTS = 3;

export async function startReceiver({ name, prepare }: ReceiverPlan): Promise<Receiver> {
  for (let attempt = 1; ; attempt++) {
    const root = mkdtempSync(join(tmpdir(), `probe-run-${name}-`));
    const log = join(root, "output.log");
    const [port] = (await freePorts(1)) as [number];
    try {
      // The users of the server need access.
      chmodSync(root, 0o755);
      mkdirSync(join(root, "mail"));
      const command = await prepare(root, port);
      const output = openSync(log, "a");
      const child = spawn("chroot", [root, ...command], { stdio: ["ignore", output, output] });
      await listening(port, name, log);
      return {
        host: "127.0.0.1",
        port,
        delivered: () => ["alice", "bob"].flatMap((mailbox) => messagesIn(join(root, "mail", mailbox, "new"))),
        log: () => readFileSync(log, "utf8"),
        async stop() {
          await endProcess(child.pid as number, name, log);
          rmSync(root, { recursive: true, force: true });
        },
      };
    } catch (error) {
      const end = tail(log);
      rmSync(root, { recursive: true, force: true });
      if (attempt === ATTEMPTS) throw new Error(`${name} does not start: ${(error as Error).message}\n${end}`);
    }
  }
}

function messagesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  } catch {
    // The folder is made with the first message.
    return [];
  }
}
