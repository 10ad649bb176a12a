import { rmSync } from "node:fs";
import { cp, mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import manifest from "../../package.json" with { type: "json" };
import { inRepo } from "../../scripts/repo.js";
import { sourceUrls } from "../../scripts/source-urls.mjs";
import { ensureDist } from "./dist.js";

/** Every process of the bench that runs TypeScript: a file each. */
const PROCESSES = {
  probeRun: "contenders/probe-run",
  bare: "contenders/bare",
  manyOurs: "contenders/many-ours",
  blackbox: "contenders/blackbox",
  smtpServer: "peers/smtp-server",
  silentServer: "peers/silent-server",
  starttlsServer: "peers/starttls-server",
  dnsOurs: "contenders/dns-ours",
  dnsNode: "contenders/dns-node",
  dnsServer: "peers/dns-server",
  rateOurs: "contenders/rate-ours",
  networkPeers: "contenders/network-peers",
  dataPeers: "contenders/data-peers",
  datagramServer: "peers/datagram-server",
  webPeers: "contenders/web-peers",
  curlOurs: "contenders/curl-ours",
  queueOurs: "contenders/queue-ours",
  queueNoop: "contenders/queue-noop",
  noopProbe: "contenders/noop-probe",
  queueSqliteBare: "contenders/queue-sqlite-bare",
  smtpSqliteBare: "contenders/smtp-sqlite-bare",
  queueRedisBare: "contenders/queue-redis-bare",
  rcptOurs: "contenders/rcpt-ours",
  rcptBare: "contenders/rcpt-bare",
  sendOurs: "contenders/send-ours",
  sendNodemailer: "contenders/send-nodemailer",
  signOurs: "contenders/sign-ours",
  verifyOurs: "contenders/verify-ours",
  verifyMailauth: "contenders/verify-mailauth",
  postureOurs: "contenders/posture-ours",
  signNodemailer: "contenders/sign-nodemailer",
  deliverOurs: "contenders/deliver-ours",
  deliverNodemailer: "contenders/deliver-nodemailer",
  deliverSites: "contenders/deliver-sites",
  manySites: "peers/many-sites",
  labSites: "peers/lab-sites",
} as const;

export type ProcessName = keyof typeof PROCESSES;

/** A folder that lasts as long as the bench: our package as users get it, and the bench's own processes. */
export interface Workshop {
  readonly folder: string;
  /** The package's command and its library: copies, so that building anew meanwhile does not change what is measured. */
  readonly command: string;
  readonly library: string;
  readonly delivery: string;
  script(name: ProcessName): string;
}

export async function openWorkshop(say: (text: string) => void): Promise<Workshop> {
  await ensureDist(say);
  const folder = await mkdtemp(join(tmpdir(), "probe-run-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await cp(inRepo("dist"), join(folder, "dist"), { recursive: true, filter: (path) => !path.endsWith("types") });
  for (const part of ["bin", "schemas/json", "package.json"]) await cp(inRepo(part), join(folder, part), { recursive: true });
  await symlink(inRepo("node_modules"), join(folder, "node_modules"));
  await compile(folder);
  return {
    folder,
    command: join(folder, manifest.bin["probe-run"]),
    library: join(folder, manifest.exports["."].default),
    delivery: join(folder, manifest.exports["./delivery"].default),
    script: (name) => join(folder, "bench", `${PROCESSES[name]}.js`),
  };
}

async function compile(folder: string): Promise<void> {
  await build({
    entryPoints: Object.fromEntries(Object.values(PROCESSES).map((path) => [path, inRepo("bench", `${path}.ts`)])),
    outdir: join(folder, "bench"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    logLevel: "error",
    plugins: [sourceUrls],
  });
}
