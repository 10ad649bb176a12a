import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RSA_PUBLIC_KEYS } from "../runner/lab/rsa-public-keys.js";
import type { PostureAnswer, PostureRequest } from "./contenders/posture-ours.js";
import type { Bench, Setting } from "./support/bench.js";
import { startChild } from "./support/child.js";
import { startDaemon } from "./support/daemon.js";
import type { Figure } from "./support/figure.js";
import { freePort } from "./support/free-port.js";
import { installed } from "./support/installed.js";
import { percentile, spreadOf } from "./support/statistics.js";
import type { Workshop } from "./support/workshop.js";

export const posture: Bench = {
  name: "posture",
  summary: "mail.posture with a resolver on the loopback (unbound): one domain alone, and many in one process.",
  measure,
};

const AT_ONCE = 16;

async function measure(setting: Setting): Promise<Figure[]> {
  const { workshop, quick, progress } = setting;
  const program = installed("unbound");
  if (program === null) return [skipped("one domain", "ms"), skipped("many domains", "domains/s"), skipped("posture --file", "domains/s")];
  const rounds = quick ? 1 : 3;
  const [alone, many] = quick ? [20, 100] : [50, 1000];
  // Each domain is examined once: the resolver answers from its own data, and nothing is cached here.
  const domains = Array.from({ length: rounds * (alone + 2 * many) + 20 }, (_, index) => `d${index}.bench.example`);
  const port = await freePort();
  const configuration = join(workshop.folder, "posture-unbound.conf");
  await writeFile(configuration, configurationOf(workshop.folder, port, domains));
  const resolver = await startDaemon(program, ["-d", "-c", configuration], port, join(workshop.folder, "posture-unbound.log"));
  const ours = await startChild(process.execPath, [workshop.script("postureOurs"), workshop.library]);
  try {
    const ask = (count: number, concurrency: number): Promise<PostureAnswer> => {
      const request: PostureRequest = { server: `127.0.0.1:${port}`, domains: domains.splice(0, count), concurrency };
      return ours.ask<PostureAnswer>(request);
    };
    await ask(20, 4);
    const [single, together]: [PostureAnswer[], PostureAnswer[]] = [[], []];
    const listed: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      progress(`round ${round} of ${rounds}: one at a time`);
      single.push(await ask(alone, 1));
      progress(`round ${round} of ${rounds}: ${many} domains, ${AT_ONCE} at once`);
      together.push(await ask(many, AT_ONCE));
      progress(`round ${round} of ${rounds}: ${many} domains from a file`);
      listed.push(many / (await secondsOfCommand(workshop, domains.splice(0, many), port)));
    }
    return figures(single, together, listed, many);
  } finally {
    await ours.stop();
    await resolver.stop();
  }
}

/** The whole process, from its start to its end: it writes an envelope for each domain. */
async function secondsOfCommand({ folder, command }: Workshop, domains: readonly string[], port: number): Promise<number> {
  const [file, results] = [join(folder, "posture-domains.txt"), join(folder, "posture-results.jsonl")];
  await writeFile(file, domains.join("\n"));
  await rm(results, { force: true });
  const options = ["--file", file, "--results", results, "--selector", "s1", "--resolver", `127.0.0.1:${port}`, "--no-connect", "--no-blocklists"];
  const began = performance.now();
  const child = spawn(process.execPath, [command, "posture", ...options], { stdio: ["ignore", "ignore", "inherit"] });
  await once(child, "exit");
  const seconds = (performance.now() - began) / 1000;
  const written = (await readFile(results, "utf8")).trim().split("\n").length;
  if (written !== domains.length) throw new Error(`posture --file wrote ${written} results for ${domains.length} domains`);
  return seconds;
}

function figures(single: readonly PostureAnswer[], together: readonly PostureAnswer[], listed: readonly number[], many: number): Figure[] {
  const about = { bench: posture.name, peer: "", peers: null, ratio: null, skipped: null } as const;
  const name = `one domain, ${single[0]?.questions} questions`;
  const median = spreadOf(single.map(({ milliseconds }) => percentile(milliseconds, 0.5)));
  const cpu = spreadOf(together.map(({ cpuMilliseconds }) => cpuMilliseconds));
  return [
    { ...about, name, unit: "ms", ours: median, goal: { of: "ours", at: "most", value: 150 } },
    {
      ...about,
      name: `${many} domains, ${AT_ONCE} at once`,
      unit: "domains/s",
      ours: spreadOf(together.map(({ perSecond }) => perSecond)),
      goal: { of: "ours", at: "least", value: 100 },
    },
    {
      ...about,
      name: `posture --file, ${many} domains`,
      unit: "domains/s",
      ours: spreadOf(listed),
      goal: { of: "ours", at: "least", value: 100 },
    },
    { ...about, name: "CPU of the process, a domain", unit: "ms", ours: cpu, goal: null },
  ];
}

function skipped(name: string, unit: Figure["unit"]): Figure {
  return { bench: posture.name, name, unit, ours: null, peer: "", peers: null, ratio: null, goal: null, skipped: "unbound is not installed" };
}

/** A resolver that knows the domains and says of everything else that it does not exist. */
function configurationOf(folder: string, port: number, domains: readonly string[]): string {
  const records = [...SHARED, ...domains.flatMap(recordsOf)];
  return [
    "server:",
    "  interface: 127.0.0.1",
    `  port: ${port}`,
    '  username: ""',
    '  chroot: ""',
    `  directory: "${folder}"`,
    '  pidfile: ""',
    "  use-syslog: no",
    "  do-daemonize: no",
    "  num-threads: 1",
    '  module-config: "iterator"',
    '  local-zone: "." static',
    ...records.map((record) => `  local-data: '${record}'`),
    "remote-control:",
    "  control-enable: no",
    "",
  ].join("\n");
}

/** So many that a domain takes 80 questions and more. */
const HOSTS = [1, 2, 3, 4, 5, 6, 7, 8];

const SHARED = [
  ...["one", "two", "three", "four"].map((name, index) => `_spf.${name}.example. 300 IN TXT "v=spf1 ip4:198.51.100.${index * 8}/29 ~all"`),
  ...HOSTS.flatMap((host) => [
    `mx${host}.hosts.example. 300 IN A 192.0.2.${host}`,
    `mx${host}.hosts.example. 300 IN AAAA 2001:db8::${host}`,
    `${host}.2.0.192.in-addr.arpa. 300 IN PTR mx${host}.hosts.example.`,
  ]),
];

function recordsOf(domain: string): string[] {
  const spf = "v=spf1 mx include:_spf.one.example include:_spf.two.example include:_spf.three.example include:_spf.four.example -all";
  const key = RSA_PUBLIC_KEYS[2048];
  return [
    `${domain}. 300 IN SOA ns.${domain}. hostmaster.${domain}. 1 3600 600 86400 60`,
    `${domain}. 300 IN NS ns1.hosts.example.`,
    ...HOSTS.map((host) => `${domain}. 300 IN MX ${host}0 mx${host}.hosts.example.`),
    `${domain}. 300 IN TXT "${spf}"`,
    `_dmarc.${domain}. 300 IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@${domain}"`,
    `s1._domainkey.${domain}. 300 IN TXT "v=DKIM1; k=rsa; p=${key.slice(0, 200)}" "${key.slice(200)}"`,
    `_smtp._tls.${domain}. 300 IN TXT "v=TLSRPTv1; rua=mailto:tls@${domain}"`,
  ];
}
