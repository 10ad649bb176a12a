import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { endProcess, listening, tail } from "./daemon.js";
import { startDovecotAuth } from "./dovecot-auth.js";
import { freePorts } from "./free-ports.js";
import { mainCf, masterCf, type PostfixPlan, type PostfixPorts } from "./postfix-config.js";
import { programPath } from "./programs.js";

export interface Postfix extends PostfixPorts {
  readonly host: string;
  /** Any user may log in to the submission port with it. */
  readonly password: string;
  /** The messages that were delivered to any recipient at example.org. */
  delivered(): string[];
  /** What postfix wrote to its log. */
  log(): string;
  stop(): Promise<void>;
}

const PASSWORD = "correct-horse";
const ATTEMPTS = 3;
const run = promisify(execFile);

export interface PostfixOptions {
  /** Over ours, in main.cf. `etc` is the folder that `files` lie in. */
  readonly settings?: (etc: string) => Readonly<Record<string, string>>;
  /** Tables beside main.cf. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Starts a postfix of its own, with a configuration, a queue and mailboxes in a private folder, on free ports of the loopback. */
export async function startPostfix(options: PostfixOptions = {}): Promise<Postfix> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-postfix-"));
  // Postfix's users need access.
  chmodSync(folder, 0o755);
  const dovecot = await startDovecotAuth(join(folder, "dovecot"), PASSWORD);
  try {
    const ports = await startOnFreePorts(folder, dovecot.socket, options);
    return {
      ...ports,
      host: "127.0.0.1",
      password: PASSWORD,
      delivered: () => deliveredMessages(join(folder, "mail", "inbox", "new")),
      log: () => readFileSync(logPath(folder), "utf8"),
      async stop() {
        const master = Number(readFileSync(join(folder, "queue", "pid", "master.pid"), "utf8"));
        await Promise.all([endProcess(master, "postfix", logPath(folder)), dovecot.stop()]);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await dovecot.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Another program may take a port between our check and postfix's bind: then it is retried with other ports. */
async function startOnFreePorts(folder: string, authSocket: string, options: PostfixOptions): Promise<PostfixPorts> {
  const { userId, groupId } = await makeFolders(folder);
  for (let attempt = 1; ; attempt++) {
    const [plain, starttls, implicit, submission] = (await freePorts(4)) as [number, number, number, number];
    const ports = { plain, starttls, implicit, submission };
    writeConfiguration({ folder, ports, authSocket, userId, groupId }, options);
    try {
      await run(programPath("postfix") as string, ["-c", join(folder, "etc"), "start"], { timeout: 60_000 });
      for (const port of Object.values(ports)) await listening(port, "postfix", logPath(folder));
      return ports;
    } catch (error) {
      if (attempt === ATTEMPTS) throw new Error(`postfix does not start: ${(error as Error).message}\n${tail(logPath(folder))}`);
    }
  }
}

async function makeFolders(folder: string): Promise<{ userId: number; groupId: number }> {
  for (const name of ["etc", "queue", "data", "log", "mail"]) mkdirSync(join(folder, name));
  const [userId, groupId] = await Promise.all(["-u", "-g"].map(async (option) => Number((await run("id", [option, "postfix"])).stdout)));
  for (const name of ["data", "mail"]) chownSync(join(folder, name), userId as number, groupId as number);
  return { userId: userId as number, groupId: groupId as number };
}

function writeConfiguration(plan: PostfixPlan, { settings, files = {} }: PostfixOptions): void {
  const etc = join(plan.folder, "etc");
  for (const [name, content] of Object.entries(files)) writeFileSync(join(etc, name), content);
  writeFileSync(join(etc, "main.cf"), mainCf(plan, settings?.(etc)));
  writeFileSync(join(etc, "master.cf"), masterCf(plan));
}

function deliveredMessages(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  } catch {
    // The folder is made with the first message.
    return [];
  }
}

function logPath(folder: string): string {
  return join(folder, "log", "postfix.log");
}
