import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, until } from "./daemon.js";
import { type IpPacket, readIpPacket } from "./ip-packet.js";
import { programPath } from "./programs.js";

/** A packet that the network delivers, at once or later. */
export interface Delivery {
  readonly bytes: Buffer;
  readonly afterMs?: number;
}

/** What the network delivers in answer to a packet: nothing for one that is lost. */
export type Script = (packet: IpPacket) => readonly Delivery[];

export interface ScriptedNetwork {
  /** Until the next script. */
  play(script: Script): void;
  /** A folder for the front of the PATH: its ping and traceroute run in the network. */
  readonly programs: string;
  /** What the last ping or traceroute from that folder printed. */
  printed(program: "ping" | "traceroute"): string;
  /** The command line that runs a program in the network. */
  commandOf(program: string, arguments_: readonly string[]): readonly [command: string, arguments_: readonly string[]];
  stop(): Promise<void>;
}

/** The machine's own addresses in the network, of which 10.91.0.0/16, 192.0.2.0/24, 198.51.100.0/24 and fd91::/64 are scripted. */
const ADDRESSES = ["10.91.0.1/16", "fd91::1/64"];
const ROUTES = ["192.0.2.0/24", "198.51.100.0/24"];
const WRAPPED = ["ping", "traceroute"] as const;

let networks = 0;

/**
 * A network namespace with one TUN device, whose packets this process receives as datagrams. Its processes end with this one: the namespace is that of
 * a cat which reads from us, and socat ends when the namespace takes its device along.
 */
export async function startScriptedNetwork(): Promise<ScriptedNetwork> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-network-"));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  const device = `pr${process.pid % 1_000_000}x${networks++}`;
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const owner = spawn(programPath("unshare") as string, ["-n", "cat"], { stdio: ["pipe", output, output] });
  const inside = ["-t", String(owner.pid), "-n"];
  const carrier = spawn(programPath("socat") as string, [`TUN,iff-no-pi,tun-type=tun,tun-name=${device}`, `UDP4:127.0.0.1:${socket.address().port}`], {
    stdio: ["ignore", output, output],
  });
  const stop = async (): Promise<void> => {
    await endBoth(owner, carrier, log);
    socket.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(() => hasOwnNamespace(owner), "the namespace is not there", log);
    await until(() => succeeds("ip", ["link", "set", device, "netns", String(owner.pid)]), "socat has no device", log);
    setUp(inside, device);
  } catch (error) {
    await stop();
    throw error;
  }
  const post = new Post(socket);
  for (const program of WRAPPED) writeProgram(folder, inside, program);
  return {
    play: (script) => post.play(script),
    programs: folder,
    printed: (program) => readFileSync(join(folder, `${program}.printed`), "utf8"),
    commandOf: (program, arguments_) => [programPath("nsenter") as string, [...inside, program, ...arguments_]],
    stop: () => {
      post.play(() => []);
      return stop();
    },
  };
}

class Post {
  #script: Script = () => [];
  readonly #waiting = new Set<NodeJS.Timeout>();

  constructor(readonly socket: Socket) {
    socket.on("message", (bytes, { port }) => this.#take(bytes, port));
  }

  play(script: Script): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
    this.#script = script;
  }

  #take(bytes: Buffer, port: number): void {
    const packet = readIpPacket(bytes);
    if (packet === null) return;
    for (const { bytes: answer, afterMs = 0 } of this.#script(packet)) {
      if (afterMs === 0) this.socket.send(answer, port, "127.0.0.1");
      else {
        const timer = setTimeout(() => {
          this.#waiting.delete(timer);
          this.socket.send(answer, port, "127.0.0.1");
        }, afterMs);
        this.#waiting.add(timer);
      }
    }
  }
}

function setUp(inside: readonly string[], device: string): void {
  const ip = (...arguments_: string[]): void => void execFileSync(programPath("nsenter") as string, [...inside, "ip", ...arguments_]);
  ip("link", "set", "lo", "up");
  // Without duplicate address detection: the address is usable at once.
  for (const address of ADDRESSES) ip("address", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : []));
  ip("link", "set", device, "up");
  for (const route of ROUTES) ip("route", "add", route, "dev", device);
}

/** The probes find it by their PATH. What it prints is kept beside it, too; its exit code is the program's. */
function writeProgram(folder: string, inside: readonly string[], program: (typeof WRAPPED)[number]): void {
  const path = join(folder, program);
  const command = [programPath("nsenter"), ...inside, programPath(program)].join(" ");
  writeFileSync(path, `#!/bin/bash\nset -o pipefail\n${command} "$@" | tee -i '${path}.printed'\n`);
  chmodSync(path, 0o755);
}

function hasOwnNamespace({ pid }: ChildProcess): boolean {
  const namespaceOf = (id: number): string => readlinkSync(`/proc/${id}/ns/net`);
  return namespaceOf(pid as number) !== namespaceOf(process.pid);
}

function succeeds(program: "ip", arguments_: readonly string[]): boolean {
  try {
    execFileSync(programPath(program) as string, [...arguments_], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function endBoth(owner: ChildProcess, carrier: ChildProcess, log: string): Promise<void> {
  await endProcess(carrier.pid as number, "socat", log);
  owner.stdin?.end();
  await endProcess(owner.pid as number, "the owner of the namespace", log);
}
