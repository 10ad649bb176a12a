import { spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, listening } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface NameServer {
  readonly port: number;
  /** As an input's `resolver` wants it. */
  readonly servers: readonly string[];
  stop(): Promise<void>;
}

/** Starts nsd, which serves zones of its own and resolves nothing for others: by zone, the path of its master file. */
export async function startNsd(zones: Readonly<Record<string, string>>): Promise<NameServer> {
  const clauses = Object.entries(zones).map(([name, path]) => `zone:\n  name: "${name}"\n  zonefile: "${path}"`);
  return startDaemon("nsd", (folder, port) =>
    [
      "server:",
      `  ip-address: 127.0.0.1@${port}`,
      '  username: ""',
      "  server-count: 1",
      '  database: ""',
      ...["pidfile", "xfrdfile", "zonelistfile"].map((file) => `  ${file}: "${join(folder, file)}"`),
      `  zonesdir: "${folder}"`,
      "remote-control:",
      "  control-enable: no",
      ...clauses,
    ].join("\n"),
  );
}

const FOREGROUND = { nsd: ["-d"], unbound: ["-d"], knotd: [] } as const;

/** Starts a server in the foreground with a configuration of its own, in a private folder, on a free port of the loopback. */
export async function startDaemon(program: "nsd" | "unbound" | "knotd", configuration: (folder: string, port: number) => string): Promise<NameServer> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), `probe-run-${program}-`));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  writeFileSync(join(folder, "server.conf"), `${configuration(folder, port)}\n`);
  const child = spawn(programPath(program) as string, [...FOREGROUND[program], "-c", join(folder, "server.conf")], {
    stdio: ["ignore", output, output],
    cwd: folder,
  });
  await listening(port, program, log);
  return {
    port,
    servers: [`127.0.0.1:${port}`],
    async stop() {
      await endProcess(child.pid as number, program, log);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
