import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startNginx } from "../test/support/web-servers.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import { startDaemon } from "./support/daemon.js";
import type { Figure } from "./support/figure.js";
import { freePort } from "./support/free-port.js";
import { installed } from "./support/installed.js";
import { measureRates, type RateLine, skippedRate } from "./support/rates.js";

export const web: Bench = {
  name: "web",
  summary: "Runs a second of webapp.http, network.dns and security.tls against servers of the loopback, beside others that ask the same.",
  measure,
};

/** A folder with the npm package undici. */
const UNDICI = process.env.PROBE_RUN_UNDICI ?? "";
const EXPORTER = ["prometheus-blackbox-exporter", "blackbox_exporter"].map(installed).find((path) => path !== null) ?? null;

type Targets = Readonly<Record<"http" | "dns" | "tls", string | null>>;

const linesFor = (targets: Targets): readonly RateLine[] => [
  {
    ...{ name: "webapp.http, 50 in flight", probe: "webapp.http", target: targets.http, total: 1000, concurrency: 50 },
    peer: { name: "blackbox exporter", way: "blackbox", missing: EXPORTER === null ? "it is not installed" : null },
    ...{ least: 3, showsCpu: false },
  },
  {
    ...{ name: "webapp.http, 50 in flight", probe: "webapp.http", target: targets.http, total: 1000, concurrency: 50 },
    peer: { name: "undici, a connection each", way: "undici", missing: UNDICI === "" ? "PROBE_RUN_UNDICI names no folder with it" : null },
    ...{ least: 0.6, showsCpu: true },
  },
  {
    ...{ name: "network.dns, 50 in flight", probe: "network.dns", target: targets.dns, total: 2000, concurrency: 50 },
    peer: { name: "bare node:dgram loop", way: "dgram", missing: null },
    ...{ least: 0.5, showsCpu: true },
  },
  {
    ...{ name: "security.tls, one at a time", probe: "security.tls", target: targets.tls, total: 4, concurrency: 1 },
    input: { servername: "localhost", verify: "ignore", budget: 300 },
    peer: { name: "sslscan", way: "sslscan", missing: installed("sslscan") === null ? "it is not installed" : null },
    ...{ least: 1, showsCpu: false },
  },
];

async function measure(setting: Setting): Promise<Figure[]> {
  if (installed("nginx") === null)
    return linesFor({ http: null, dns: null, tls: null }).map((line) =>
      skippedRate(web.name, line, "nginx is not installed; on Debian: apt-get install nginx"),
    );
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
    const ours = await child([script("rateOurs"), library]);
    const peers = await child([script("webPeers"), String(exporter), UNDICI]);
    const lines = linesFor({ http: `${nginx.http}/index.html`, dns: `127.0.0.1:${dns.ready.port}`, tls: new URL(nginx.https).port });
    return await measureRates(web.name, setting, lines, ours, peers);
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
