import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { certificatePath, testAuthority } from "../test/support/certificates.js";
import { startNginx } from "../test/support/web-servers.js";
import { type FetchedPage, PAGE_PHASES } from "./contenders/curl-tasks.js";
import type { Bench, Setting } from "./support/bench.js";
import { type Child, startChild } from "./support/child.js";
import type { Figure, Goal } from "./support/figure.js";
import { installed } from "./support/installed.js";
import { interleaved } from "./support/rounds.js";
import { ratios, spreadOf } from "./support/statistics.js";

export const curl: Bench = {
  name: "curl",
  summary: "What webapp.http says of a response, beside `curl -w`: status, size, hash, and the time of each phase.",
  measure,
};

const PEER = "curl -w";
/** By name, what is asked of nginx: whether over TLS, and the path. */
const PAGES: Readonly<Record<string, { readonly isSecure: boolean; readonly path: string }>> = {
  "a short page": { isSecure: false, path: "/index.html" },
  "840 kB": { isSecure: false, path: "/large.txt" },
  "a redirect": { isSecure: false, path: "/old" },
  "a page that is not there": { isSecure: false, path: "/missing" },
  "a short page, TLS and HTTP/2": { isSecure: true, path: "/index.html" },
  "840 kB, TLS and HTTP/2": { isSecure: true, path: "/large.txt" },
};
const NONE: Goal = { of: "ours", at: "most", value: 0 };
const WITHIN_2_MS: Goal = { of: "ours", at: "most", value: 2 };

async function measure(setting: Setting): Promise<Figure[]> {
  const missing = ["nginx", "curl"].find((program) => installed(program) === null);
  if (missing !== undefined) return [skipped(`${missing} is not installed; on Debian: apt-get install ${missing}`)];
  const { script, library, folder } = setting.workshop;
  const nginx = await startNginx();
  let ours: Child | null = null;
  try {
    ours = await startChild(process.execPath, [script("curlOurs"), library]);
    const figures: Figure[] = [];
    for (const [name, { isSecure, path }] of Object.entries(PAGES)) {
      // The name that both servers' certificate has, so that neither side looks anything up.
      const url = `${isSecure ? nginx.https : nginx.http}${path}`;
      figures.push(...(await compare(setting, name, url, ours, join(folder, "curl-body"))));
    }
    return figures;
  } finally {
    await ours?.stop();
    await nginx.stop();
  }
}

async function compare({ quick, progress }: Setting, name: string, url: string, ours: Child, file: string): Promise<Figure[]> {
  const contenders = new Map([
    ["ours", () => ours.ask<FetchedPage>({ url, ca: testAuthority() })],
    [PEER, () => byCurl(url, file)],
  ]);
  // Once for nothing: what is asked first has to be compiled.
  await interleaved(3, contenders, () => undefined);
  const measured = await interleaved(quick ? 5 : 21, contenders, (text) => progress(`${name}, ${text}`));
  const [own, theirs] = [measured.get("ours") as FetchedPage[], measured.get(PEER) as FetchedPage[]];
  return [differing(name, own, theirs), largestGap(name, own, theirs), ...PAGE_PHASES.flatMap((phase) => phaseFigure(name, phase, own, theirs))];
}

async function byCurl(url: string, file: string): Promise<FetchedPage> {
  const options = ["--silent", "--cacert", certificatePath("authority"), "--output", file, "--write-out", "%{json}", url];
  const { stdout } = await promisify(execFile)("curl", options, { timeout: 60_000 });
  const said = JSON.parse(stdout) as Record<string, number> & { http_version: string };
  const seconds = (key: string): number => said[key] ?? 0;
  const secured = Math.max(seconds("time_connect"), seconds("time_appconnect"));
  return {
    status: seconds("http_code"),
    version: said.http_version,
    bytes: seconds("size_download"),
    sha256: createHash("sha256")
      .update(await readFile(file))
      .digest("hex"),
    phases: {
      connect: (seconds("time_connect") - seconds("time_namelookup")) * 1000,
      tls: (secured - seconds("time_connect")) * 1000,
      "first byte": (seconds("time_starttransfer") - secured) * 1000,
      body: (seconds("time_total") - seconds("time_starttransfer")) * 1000,
    },
  };
}

/** Responses of which both do not say the same. */
function differing(name: string, own: readonly FetchedPage[], theirs: readonly FetchedPage[]): Figure {
  const facts = ({ status, version, bytes, sha256 }: FetchedPage): string => [status, version, bytes, sha256].join(" ");
  const counts = own.map((page, round) => (facts(page) === facts(theirs[round] as FetchedPage) ? 0 : 1));
  return { ...EMPTY, name: `${name}: another status, version, size or hash`, unit: "answers", ours: spreadOf(counts), goal: NONE };
}

/** How far the phase that differs most is from curl's, by the medians. */
function largestGap(name: string, own: readonly FetchedPage[], theirs: readonly FetchedPage[]): Figure {
  const gaps = PAGE_PHASES.map((phase) => Math.abs(medianOf(own, phase) - medianOf(theirs, phase)));
  return { ...EMPTY, name: `${name}: the phase that is furthest from curl's`, unit: "ms", ours: spreadOf([Math.max(...gaps)]), goal: WITHIN_2_MS };
}

function medianOf(pages: readonly FetchedPage[], phase: (typeof PAGE_PHASES)[number]): number {
  return spreadOf(pages.map(({ phases }) => phases[phase])).median;
}

function phaseFigure(name: string, phase: (typeof PAGE_PHASES)[number], own: readonly FetchedPage[], theirs: readonly FetchedPage[]): Figure[] {
  const [ours, peers] = [own, theirs].map((pages) => pages.map(({ phases }) => phases[phase])) as [number[], number[]];
  if (peers.every((value) => value <= 0)) return [];
  return [{ ...EMPTY, name: `${name}: ${phase}`, unit: "ms", ours: spreadOf(ours), peers: spreadOf(peers), ratio: ratios(ours, peers) }];
}

const EMPTY = { bench: curl.name, peer: PEER, peers: null, ratio: null, goal: null, skipped: null } as const;

function skipped(reason: string): Figure {
  return { ...EMPTY, name: "responses", unit: "answers", ours: null, skipped: reason };
}
