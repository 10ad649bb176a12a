import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening, tail } from "./daemon.js";
import { type DovecotPorts, dovecotConf, lmtpSocket, mailFolder, speaksSieve, usersFile } from "./dovecot-config.js";
import { freePorts } from "./free-ports.js";
import { type Owner, type Placement, putIntoMaildir, readMaildir } from "./maildir.js";
import { programPath } from "./programs.js";

export interface Dovecot extends DovecotPorts {
  readonly host: string;
  /** Takes mail for user@anything and for user+Folder@anything: postfix delivers into it with virtual_transport = lmtp:unix:<this>. */
  readonly lmtpSocket: string;
  /** Who may log in, and with what. */
  readonly users: Readonly<Record<string, string>>;
  /** Puts a message into a user's folder, past every protocol. Line ends should be CR LF, as the message was sent. */
  put(user: string, message: string | Uint8Array, placement?: Placement): void;
  /** What lies in a user's folder (latin1). */
  messages(user: string, folder?: string): string[];
  /** What dovecot wrote to its log. */
  log(): string;
  stop(): Promise<void>;
}

export interface DovecotOptions {
  /** Default: alice, with the password correct-horse. */
  readonly users?: Readonly<Record<string, string>>;
  /** Over ours, in dovecot.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

const USERS = { alice: "correct-horse" } as const;
const ATTEMPTS = 3;

/** Starts a dovecot of its own (IMAP, POP3, LMTP), with a configuration and mailboxes in a private folder, on free ports of the loopback. */
export async function startDovecot({ users = USERS, settings }: DovecotOptions = {}): Promise<Dovecot> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-dovecot-"));
  // Its processes run as users of their own, and postfix's have to reach the LMTP socket.
  chmodSync(folder, 0o755);
  try {
    const owner = makeFolders(folder);
    const lines = Object.entries(users).map(([name, password]) => `${name}:{PLAIN}${password}::::::\n`);
    writeFileSync(usersFile(folder), lines.join(""));
    const { ports, pid } = await startOnFreePorts(folder, owner, settings);
    return {
      ...ports,
      host: "127.0.0.1",
      lmtpSocket: lmtpSocket(folder),
      users,
      put: (user, message, placement) => void putIntoMaildir(mailFolder(folder, user), owner, message, placement),
      messages: (user, name) => readMaildir(mailFolder(folder, user), name),
      log: () => readFileSync(logPath(folder), "utf8"),
      async stop() {
        await endProcess(pid, "dovecot", logPath(folder));
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Another program may take a port between our check and dovecot's bind: then it is retried with other ports. */
async function startOnFreePorts(folder: string, owner: Owner, settings: DovecotOptions["settings"]): Promise<{ ports: DovecotPorts; pid: number }> {
  for (let attempt = 1; ; attempt++) {
    const [imap, imaps, pop3, pop3s, lmtp, sieve] = (await freePorts(6)) as [number, number, number, number, number, number];
    const ports = { imap, imaps, pop3, pop3s, lmtp, sieve };
    const open = speaksSieve() ? Object.values(ports) : [imap, imaps, pop3, pop3s, lmtp];
    const configuration = join(folder, "dovecot.conf");
    writeFileSync(configuration, dovecotConf({ folder, ports, ...owner }, settings));
    // It keeps its output open as long as it lives, so that must not be ours.
    const output = openSync(join(folder, "output.log"), "a");
    const child = spawn(programPath("dovecot") as string, ["-F", "-c", configuration], { stdio: ["ignore", output, output] });
    const exited = new Promise<never>((_, reject) => child.once("exit", (code) => reject(new Error(`it exits with ${code}`))));
    try {
      await Promise.race([exited, Promise.all(open.map((port) => listening(port, "dovecot", logPath(folder))))]);
      return { ports, pid: child.pid as number };
    } catch (error) {
      await endProcess(child.pid as number, "dovecot", logPath(folder));
      if (attempt === ATTEMPTS)
        throw new Error(`dovecot does not start: ${(error as Error).message}\n${tail(join(folder, "output.log"))}\n${tail(logPath(folder))}`);
    }
  }
}

function makeFolders(folder: string): Owner {
  const [userId, groupId] = ["-u", "-g"].map((option) => Number(execFileSync("id", [option, "nobody"], { encoding: "utf8" }))) as [number, number];
  for (const name of ["mail", "home"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), userId, groupId);
  }
  return { userId, groupId };
}

function logPath(folder: string): string {
  return join(folder, "dovecot.log");
}
