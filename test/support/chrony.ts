import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../runner/harness/run.js";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { endProcess } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

export interface Chrony {
  readonly port: number;
  readonly ntsPort: number;
  readonly certificate: string;
  stop(): Promise<void>;
}

/** A chronyd of stratum 3 that leaves this machine's clock alone, with authenticated time (NTS). */
export async function startChrony({ address = "127.0.0.1", port: chosenPort = 0 } = {}): Promise<Chrony> {
  const [freePort, ntsPort] = (await freePorts(2)) as [number, number];
  const port = chosenPort === 0 ? freePort : chosenPort;
  const folder = mkdtempSync(join(tmpdir(), "probe-run-chrony-"));
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  const { certificate, key } = selfSigned({ names: ["localhost", address] });
  writeFileSync(join(folder, "cert.pem"), certificate);
  writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
  const nts = [`ntsserverkey ${folder}/key.pem`, `ntsservercert ${folder}/cert.pem`, `ntsport ${ntsPort}`, "ntsprocesses 0"];
  // As another user it could not read the key.
  const configuration = [
    "user root",
    ...nts,
    "local stratum 3",
    "allow 127.0.0.1",
    `bindaddress ${address}`,
    `port ${port}`,
    "cmdport 0",
    `pidfile ${folder}/run/chronyd.pid`,
    "",
  ];
  writeFileSync(join(folder, "chrony.conf"), configuration.join("\n"));
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  // -x: does not set the clock. -U: starts as any user. -d: stays in the foreground.
  const child = spawn(programPath("chronyd") as string, ["-x", "-d", "-U", "-f", join(folder, "chrony.conf")], {
    stdio: ["ignore", output, output],
    cwd: folder,
  });
  const stop = async (): Promise<void> => {
    await endProcess(child.pid as number, "chronyd", log);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    const { output: seen } = await run("network.ntp", { target_host: address, target_port: port, command_timeout_ms: 500 });
    if ((seen as { failure: unknown }).failure === null) return { port, ntsPort, certificate, stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`chronyd did not answer; see ${log}`);
}
