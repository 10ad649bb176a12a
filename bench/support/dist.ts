import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { inRepo } from "../../scripts/repo.js";

/** What dist/ is made from. */
const SOURCES = ["probes", "runner", "schemas", "scripts", "package.json"];
const BUILT = [manifest.bin["probe-run"], manifest.exports["."].default];

/** The library is measured as users get it, so dist/ must be what the sources say now: builds it where it is not. */
export async function ensureDist(say: (text: string) => void): Promise<void> {
  const builtAt = Math.min(...BUILT.map((path) => (existsSync(inRepo(path)) ? statSync(inRepo(path)).mtimeMs : 0)));
  if (builtAt > Math.max(...SOURCES.map(changedAt))) return;
  say("building dist/");
  const builder = spawn(process.execPath, [inRepo("scripts/run.mjs"), inRepo("scripts/build.ts"), "--js"], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(builder, "exit");
  if (code !== 0) throw new Error("dist/ could not be built; `npm run build` says why");
}

/** When a file, or the youngest file under a folder, was last written. */
function changedAt(path: string): number {
  const entry = statSync(inRepo(path));
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(0, ...readdirSync(inRepo(path)).map((name) => changedAt(`${path}/${name}`)));
}
