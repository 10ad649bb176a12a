import { execFile } from "node:child_process";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { REPO } from "../house/files.js";

const execute = promisify(execFile);

/** Packs what is in dist/ as npm would publish it, and gives the path of the tarball. */
export async function pack(folder: string): Promise<string> {
  const { stdout } = await execute("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { cwd: REPO, maxBuffer: 16 * 1024 * 1024 });
  const packed: unknown = JSON.parse(stdout);
  // npm 11 gives an object by package, npm 10 an array.
  const [{ filename }] = Object.values(packed as Record<string, { filename: string }>) as [{ filename: string }];
  return join(folder, basename(filename));
}

/** Packages come from npm's cache where it has them: after `npm ci` only other versions of TypeScript and vitest have to be fetched. */
export async function install(folder: string, ...packages: string[]): Promise<void> {
  const options = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  await execute("npm", ["install", ...options, ...packages], { cwd: folder, env: withoutNpm(), maxBuffer: 16 * 1024 * 1024 });
}

export async function node(folder: string, ...args: string[]): Promise<string> {
  return (await execute(process.execPath, args, { cwd: folder, env: withoutNpm() })).stdout;
}

/** What `npm test` sets for its scripts would be settings of the npm that is started here. */
function withoutNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|VITEST|NODE_ENV)/i.test(name)));
}
