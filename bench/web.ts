import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startNginx } from "../test/support/web-servers.js";
import type { WebAnswer, WebRequest } from "./contenders/web-tasks.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import { startDaemon } from "./support/daemon.js";
import type { Figure } from "./support/figure.js";
import { freePort } from "./support/free-port.js";
import { installed } from "./support/installed.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const web: Bench = {
  name: "web",
  summary: "Runs a second of webapp.http, network.dns and security.tls against servers of the loopback, beside others that ask the same.",
  measure,
};

/** A folder with the npm package undici. */
const UNDICI = process.env.PROBE_RUN_UNDICI ?? "";
const EXPORTER = ["prometheus-blackbox-exporter", "blackbox_exporter"].map(installed).find((path) => path !== null) ?? null;

interface Line {
  readonly name: string;
  readonly way: string;
  readonly peer: { readonly name: string; readonly way: string; readonly missing: string | null };
  readonly total: number;
  readonly concurrency: number;
  /** Of our rate, to the peer's. */
  readonly least: number;
  /** Both are a process of the bench, so that their processor time can be compared, which hardly depends on what else the machine does. */
  readonly showsCpu: boolean;
}

const LINES: readonly Line[] = [
  {
    name: "webapp.http, 50 in flight",
    way: "webapp.http",
    peer: { name: "blackbox exporter", way: "blackbox", missing: EXPORTER === null ? "it is not installed" : null },
    total: 1000,
    concurrency: 50,
    least: 3,
    showsCpu: false,
  },
  {
    name: "webapp.http, 50 in flight",
    way: "webapp.http",
    peer: { name: "undici, a connection each", way: "undici", missing: UNDICI === "" ? "PROBE_RUN_UNDICI names no folder with it" : null },
    total: 1000,
    concurrency: 50,
    least: 0.6,
    showsCpu: true,
  },
  {
    name: "network.dns, 50 in flight",
    way: "network.dns",
    peer: { name: "bare node:dgram loop", way: "dgram", missing: null },
    total: 2000,
    concurrency: 50,
    least: 0.5,
    showsCpu: true,
  },
  {
    name: "security.tls, one at a time",
    way: "security.tls",
    peer: { name: "sslscan", way: "sslscan", missing: installed("sslscan") === null ? "it is not installed" : null },
    total: 4,
    concurrency: 1,
    least: 1,
    showsCpu: false,
  },
];

async function measure(setting: Setting): Promise<Figure[]> {
  if (installed("nginx") === null) return LINES.map((line) => skippedFigure(line, "nginx is not installed; on Debian: apt-get install nginx"));
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const { script, library } = setting.workshop;
    const child = async <Ready>(args: readonly string[]): Promise<Child<Ready>> => {
      const started = await startChild<Ready>(process.execPath, args);
      stops.push(() => started.stop());
      return started;
    };
    const nginx = await startNginx();
    stops.push(() => nginx.stop());
    const dns = await child<{ port: number }>([script("dnsServer")]);
    const exporter = EXPORTER === null ? 0 : await startExporter(setting, EXPORTER, stops);
    const ours = await child([script("webOurs"), library]);
    const peers = await child([script("webPeers"), String(exporter), UNDICI]);
    const targets = { "webapp.http": `${nginx.http}/index.html`, "network.dns": `127.0.0.1:${dns.ready.port}`, "security.tls": new URL(nginx.https).port };
    return await measureLines(setting, targets, ours, peers);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

const CONFIG = "modules:\n  http:\n    prober: http\n    timeout: 30s\n    http:\n      preferred_ip_protocol: ip4\n";

async function startExporter({ workshop }: Setting, program: string, stops: (() => Promise<unknown>)[]): Promise<number> {
  const config = join(workshop.folder, "blackbox-http.yml");
  await writeFile(config, CONFIG);
  const port = await freePort();
  const args = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"];
  const daemon = await startDaemon(program, args, port, join(workshop.folder, "blackbox-http.log"));
  stops.push(() => daemon.stop());
  return port;
}

async function measureLines(setting: Setting, targets: Readonly<Record<string, string>>, ours: Child, peers: Child): Promise<Figure[]> {
  const contenders = new Map<string, () => Promise<WebAnswer>>();
  const asking =
    (child: Child, way: string, { way: probe, total, concurrency }: Line) =>
    (): Promise<WebAnswer> => {
      const request: WebRequest = { target: targets[probe] as string, way, concurrency, total: setting.quick ? Math.ceil(total / 4) : total };
      return child.ask<WebAnswer>(request);
    };
  for (const line of LINES.filter(({ peer }) => peer.missing === null)) {
    contenders.set(`${line.way}: ours`, asking(ours, line.way, line));
    contenders.set(line.peer.name, asking(peers, line.peer.way, line));
  }
  // Once for nothing: both have to be compiled and warm.
  await interleaved(1, contenders, setting.progress);
  const measured = await interleaved(setting.quick ? 3 : 7, contenders, setting.progress);
  return LINES.flatMap((line) =>
    line.peer.missing === null
      ? figures(line, measured.get(`${line.way}: ours`) as WebAnswer[], measured.get(line.peer.name) as WebAnswer[])
      : [skippedFigure(line, line.peer.missing)],
  );
}

function figures({ name, peer, least, showsCpu }: Line, ours: readonly WebAnswer[], peers: readonly WebAnswer[]): Figure[] {
  const beside = (field: keyof WebAnswer) => {
    const [own, others] = [ours, peers].map((answers) => answers.map((answer) => answer[field])) as [number[], number[]];
    return { bench: web.name, peer: peer.name, ours: spreadOf(own), peers: spreadOf(others), ratio: ratios(own, others), skipped: null };
  };
  const rate: Figure = { ...beside("perSecond"), name, unit: "probes/s", goal: { of: "ratio", at: "least", value: least } };
  return showsCpu ? [rate, { ...beside("cpuMicroseconds"), name: `${name}: CPU`, unit: "µs", goal: null }] : [rate];
}

function skippedFigure({ name, peer }: Line, reason: string): Figure {
  return { bench: web.name, name, unit: "probes/s", peer: peer.name, ours: null, peers: null, ratio: null, goal: null, skipped: reason };
}
