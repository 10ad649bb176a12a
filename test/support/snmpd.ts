import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../runner/harness/run.js";
import { endProcess } from "./daemon.js";
import { freePorts } from "./free-ports.js";
import { programPath } from "./programs.js";

/** Lines of a configuration beside the address, such as communities and users. */
export async function startSnmpd(lines: readonly string[]): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const [port] = (await freePorts(1)) as [number];
  const folder = mkdtempSync(join(tmpdir(), "probe-run-snmpd-"));
  mkdirSync(join(folder, "state"), { mode: 0o700 });
  writeFileSync(
    join(folder, "snmpd.conf"),
    [`agentaddress udp:127.0.0.1:${port}`, "rocommunity public 127.0.0.1", "sysDescr A test agent", "sysName agent.test", "sysLocation Lab", ...lines, ""].join(
      "\n",
    ),
  );
  const log = join(folder, "output.log");
  const output = openSync(log, "a");
  // -f: in the foreground. -C: no other configuration. smux and agentx would open sockets of their own.
  const arguments_ = ["-f", "-Lo", "-C", "-c", join(folder, "snmpd.conf"), "-I", "-smux,agentx"];
  const env = { ...process.env, SNMP_PERSISTENT_DIR: join(folder, "state") };
  const child = spawn(programPath("snmpd") as string, arguments_, { stdio: ["ignore", output, output], cwd: folder, env });
  const stop = async (): Promise<void> => {
    await endProcess(child.pid as number, "snmpd", log);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    const { output: seen } = await run("network.snmp", { target_host: "127.0.0.1", target_port: port, command_timeout_ms: 500 });
    if ((seen as { failure: unknown }).failure === null) return { port, stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`snmpd did not answer; see ${log}`);
}
