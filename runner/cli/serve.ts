import { resolve } from "node:path";
import { serveHttp } from "../net/http/serve.js";
import { allowedTargets } from "../queue/allowed-targets.js";
import { Exporter } from "../serve/exporter.js";
import { type Loaded, loadConfig } from "../serve/load-config.js";
import { type Arguments, wholeNumber } from "./arguments.js";
import { defineCommand } from "./command.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";
import { listenAddress } from "./listen-address.js";
import { reportError } from "./report-error.js";
import { serverNameOption, serverNames } from "./server-names.js";
import { allowShortSecrets, shortSecretsOption } from "./short-secrets.js";
import { UsageError } from "./usage-error.js";
import { lookForChange } from "./watch/look-for-change.js";
import { readWatch } from "./watch/read-watch.js";
import { type ListenPlan, MORE_CONNECTIONS } from "./watch/serve-status.js";
import { watchOn } from "./watch/watch-on.js";
import { watchOptions } from "./watch/watch-options.js";

const options = {
  listen: { value: "HOST:PORT", description: "Where to serve (127.0.0.1:9115); :9115 is every address." },
  blackbox: { value: "FILE", description: "Serve the modules of this blackbox_exporter configuration. It is read again when it changes." },
  concurrency: { value: "N", description: "Probes that run at once; a request beyond them is answered with 503 (1000)." },
  "allow-target": {
    value: "TARGET",
    repeated: true,
    description: "What may be probed: public, an address, a range (10.1.0.0/16), a host name, or *.example.org. Everything by default.",
  },
  "deny-private": { description: "Refuse private addresses unless --allow-target gives them as an address or a range." },
  ...serverNameOption,
  history: watchOptions.history,
  public: watchOptions.public,
  export: watchOptions.export,
  "tls-cert": watchOptions["tls-cert"],
  "tls-key": watchOptions["tls-key"],
  ...shortSecretsOption,
} as const;

export default defineCommand({
  summary: "Serves probes to Prometheus over HTTP, as blackbox_exporter does; with a suite also its watch and status page.",
  usage: "[checks.yaml] [options]",
  details: [
    "GET /probe?target=TARGET&module=MODULE runs a probe and answers with its metrics; the scrape configuration of blackbox_exporter works unchanged.",
    "Without --blackbox the modules are http_2xx, tcp_connect, icmp, and every probe that sends no mail by its name. /metrics and /healthz are about this process.",
    "With a suite, its checks are watched as by `probe-run watch`, and the status page, the API, badges and events are served at the same address.",
    "Anyone who can reach the address can probe through it: serve on a private address, or restrict the targets.",
  ].join("\n"),
  options,
  examples: [
    ["serve", "Serve every probe on http://127.0.0.1:9115."],
    ["serve --blackbox /etc/prometheus/blackbox.yml --listen :9115", "In place of blackbox_exporter."],
    ["serve checks.yaml --history watch.db", "Watch a suite, and serve its status page beside /probe."],
    ["serve --allow-target '*.example.org' --deny-private", "For targets of one domain only."],
  ],
  words: { least: 0, most: 1 },
  run,
});

const DEFAULT_LISTEN = "127.0.0.1:9115";
const LOOK_EVERY_MS = 1000;
/** What only a suite gives a meaning. */
const FOR_A_SUITE = ["history", "public", "export", "tls-cert", "tls-key"] as const;

type Given = Arguments<typeof options>["options"];

async function run({ words: [suite], options: given }: Arguments<typeof options>, io: Io): Promise<number> {
  const listen = given.listen ?? DEFAULT_LISTEN;
  const served = { at: listenAddress(listen), names: serverNames({ ...given, listen }) };
  const most = wholeNumber("concurrency", given.concurrency, 1, 100_000) ?? 1000;
  const isRestricted = given["allow-target"].length > 0 || given["deny-private"];
  const policy = isRestricted ? allowedTargets(given["allow-target"], given["deny-private"]) : null;
  const file = given.blackbox === null ? null : resolve(io.cwd, given.blackbox);
  const loaded = await loadConfig(file);
  tell(loaded, io);
  const exporter = new Exporter(loaded.served, { policy, most });
  const stopReloading = file === null ? () => undefined : reload(file, exporter, io);
  try {
    return suite === undefined ? await serveAlone(served, exporter, given, io) : await serveWatch(suite, exporter, given, io);
  } finally {
    stopReloading();
  }
}

async function serveAlone({ at, names }: Pick<ListenPlan, "at" | "names">, exporter: Exporter, given: Given, io: Io): Promise<number> {
  for (const name of FOR_A_SUITE)
    if (given[name] !== null && given[name] !== false) throw new UsageError(`--${name} needs a suite`, "probe-run serve checks.yaml");
  const { most } = exporter.options;
  const server = await serveHttp(at, (path, asked) => exporter.answer(path, asked), { mostConnections: most + MORE_CONNECTIONS, hosts: () => names });
  io.err(`probe-run: serving ${exporter.served.modules.size} modules at ${server.address}/probe\n`);
  await interrupted(io);
  server.close();
  return EXIT.ok;
}

async function serveWatch(suite: string, exporter: Exporter, given: Given, io: Io): Promise<number> {
  allowShortSecrets(given);
  const read = await readWatch(resolve(io.cwd, suite), io);
  if (given.public && Object.keys(read.suite.suite.watch?.page ?? {}).length === 0)
    throw new UsageError("--public needs a login in watch.page", "without one, everyone who sees the page could probe through it");
  return watchOn(read, { ...given, queue: null, listen: given.listen ?? DEFAULT_LISTEN }, exporter.options.most, io, exporter);
}

/** The server by itself does not keep the process alive. */
async function interrupted(io: Io): Promise<void> {
  const alive = setInterval(() => undefined, 2 ** 30);
  const stopListening = await new Promise<() => void>((end) => {
    const stop = io.onInterrupt(() => end(stop));
  });
  clearInterval(alive);
  stopListening();
}

function tell({ problems }: Loaded, io: Io): void {
  for (const problem of problems) io.err(`probe-run: ${problem}\n`);
}

/** A configuration that is wrong changes nothing: the older one is served on, and the metrics say so. */
function reload(file: string, exporter: Exporter, io: Io): () => void {
  const read = async (): Promise<void> => {
    try {
      const loaded = await loadConfig(file);
      tell(loaded, io);
      exporter.served = loaded.served;
      io.err(`probe-run: serving ${loaded.served.modules.size} modules of the changed configuration\n`);
    } catch (error) {
      reportError(error, io);
      exporter.served = { ...exporter.served, isNewest: false };
      io.err("probe-run: the configuration before is served on\n");
    }
  };
  return lookForChange(file, LOOK_EVERY_MS, () => void read());
}
