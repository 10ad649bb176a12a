import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath, whyNot } from "../test/support/programs.js";
import { runDaemon } from "../test/support/run-daemon.js";
import { startOpenSsh } from "../test/support/ssh-servers.js";
import type { DatagramPorts } from "./peers/datagram-server.js";
import type { Bench, Setting } from "./support/bench.js";
import { startChild } from "./support/child.js";
import type { Figure } from "./support/figure.js";
import { measureRates, type RateLine } from "./support/rates.js";

export const network: Bench = {
  name: "network",
  summary: "Hosts pinged, and checks a second by network.ntp, network.snmp, network.mqtt and security.ssh, beside others that ask the same.",
  measure,
};

/** A folder with the npm packages mqtt and ssh2. */
const PACKAGES = process.env.PROBE_RUN_PEERS ?? "";
const NO_PACKAGES = PACKAGES === "" ? "PROBE_RUN_PEERS names no folder with its npm package" : null;

interface Ports extends DatagramPorts {
  readonly mqtt: number | null;
  readonly ssh: number | null;
}

function linesFor({ ntp, snmp, mqtt, ssh }: Ports): RateLine[] {
  const pings = { probe: "network.ping", target: "", total: 1000, concurrency: 1000, rounds: 2, showsCpu: true, least: null };
  const exchanges = { total: 4000, concurrency: 50, showsCpu: true, least: 0.5 };
  return [
    { ...pings, name: "1,000 hosts pinged", peer: peerOf("ping of iputils, a process for each", "ping", whyMissing("ping")), mostCpu: 1.5 },
    { ...pings, name: "1,000 hosts pinged", peer: peerOf("fping, one process", "fping", whyMissing("fping")) },
    { ...exchanges, name: "network.ntp, 50 in flight", probe: "network.ntp", target: String(ntp), peer: peerOf("bare node:dgram loop", "ntp", null) },
    { ...exchanges, name: "network.snmp, 50 in flight", probe: "network.snmp", target: String(snmp), peer: peerOf("bare node:dgram loop", "snmp", null) },
    {
      ...{ name: "network.mqtt, 50 in flight", probe: "network.mqtt", target: String(mqtt), total: 1000, concurrency: 50, showsCpu: true },
      ...{ least: 1, mostCpu: 1, peer: peerOf("mqtt (npm)", "mqtt", mqtt === null ? whyMissing("mosquitto") : NO_PACKAGES) },
    },
    {
      ...{ name: "security.ssh, 10 in flight", probe: "security.ssh", target: String(ssh), total: 100, concurrency: 10, showsCpu: true },
      ...{ least: 1, mostCpu: 1, peer: peerOf("ssh2 (npm)", "ssh2", ssh === null ? whyMissing("sshd") : NO_PACKAGES) },
    },
  ];
}

function peerOf(name: string, way: string, missing: string | null): RateLine["peer"] {
  return { name, way, missing };
}

function whyMissing(program: Parameters<typeof whyNot>[0]): string | null {
  const why = whyNot(program);
  return why === null ? null : `${why.reason}; ${why.remedy}`;
}

async function measure(setting: Setting): Promise<Figure[]> {
  const stops: (() => Promise<unknown>)[] = [];
  const until = <Server extends { stop(): Promise<unknown> }>(server: Server): Server => {
    stops.push(() => server.stop());
    return server;
  };
  try {
    const { script, library } = setting.workshop;
    const datagrams = until(await startChild<DatagramPorts>(process.execPath, [script("datagramServer")]));
    const mqtt = whyNot("mosquitto") === null ? until(await startMosquitto()).port : null;
    // Connections that have not logged in: as many as there are at one time, and some that have just ended.
    const ssh = whyNot("sshd") === null ? until(await startOpenSsh(["MaxStartups 200"])).port : null;
    const ours = until(await startChild(process.execPath, [script("rateOurs"), library]));
    const peers = until(await startChild(process.execPath, [script("networkPeers"), PACKAGES]));
    return await measureRates(network.name, setting, linesFor({ ...datagrams.ready, mqtt, ssh }), ours, peers);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

function startMosquitto() {
  return runDaemon("mosquitto", programPath("mosquitto") as string, (folder, port) => {
    const user = process.getuid?.() === 0 ? ["user root"] : [];
    const lines = [...user, "set_tcp_nodelay true", "log_type error", `listener ${port} 127.0.0.1`, "allow_anonymous true", ""];
    writeFileSync(join(folder, "mosquitto.conf"), lines.join("\n"));
    return ["-c", join(folder, "mosquitto.conf")];
  });
}
