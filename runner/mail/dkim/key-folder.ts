import type { Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DkimProblem } from "../../../schemas/dkim.js";
import type { KeySource, KeysFound } from "./key-source.js";
import { isSigningKey, parseSigningKey, type SigningKey } from "./signing-key.js";

/** How long a folder is believed: a key that is put there signs within this time, without a restart. */
const BELIEVED_MS = 30_000;
const MAX_KEY_BYTES = 64 * 1024;
const OTHERS_MAY_READ_OR_WRITE = 0o007;
const GROUP_MAY_WRITE = 0o020;

interface Remembered {
  readonly found: Promise<KeysFound>;
  readonly until: number;
}

/**
 * The keys of a folder: `<folder>/<domain>/<selector>.pem`, the domain in small A-labels. Each `.pem` of a domain signs: an RSA and
 * an Ed25519 key side by side give two signatures. A key that is to be published before it signs has another ending until then.
 */
export function keyFolder(folder: string, now: () => number = Date.now): KeySource {
  const remembered = new Map<string, Remembered>();
  const parsed: ParsedKeys = new Map();
  return {
    async keysOf(domain) {
      const known = remembered.get(domain);
      if (known !== undefined && known.until > now()) return known.found;
      const found = readDomain(folder, domain, parsed);
      remembered.set(domain, { found, until: now() + BELIEVED_MS });
      if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
      return found;
    },
    hint: (domain) => `put one at ${join(folder, domain, "<selector>.pem")}, made by \`probe-run dkim keygen ${domain} --out ${folder}\``,
  };
}

/** Bounds the cache: the From domain comes from the message, so its names are unlimited. */
const MAX_REMEMBERED = 10_000;

type ParsedKeys = Map<string, { readonly state: string; readonly key: SigningKey | DkimProblem }>;

async function readDomain(folder: string, domain: string, parsed: ParsedKeys): Promise<KeysFound> {
  const place = join(folder, domain);
  let names: string[];
  try {
    names = (await readdir(place)).filter((name) => name.endsWith(".pem") && !name.startsWith("."));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { keys: [], problems: await problemOfFolder(folder, domain) };
    return { keys: [], problems: [unreadable(domain, null, `${place} cannot be read (${code}): let this user read the folder`)] };
  }
  const read = await Promise.all(names.sort().map((name) => readKey(join(place, name), domain, name.slice(0, -".pem".length), parsed)));
  return { keys: read.filter(isSigningKey), problems: read.filter((one): one is DkimProblem => !isSigningKey(one)) };
}

/** A domain without a folder has no keys; a key folder that is not there at all is a mistake. */
async function problemOfFolder(folder: string, domain: string): Promise<DkimProblem[]> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isThere ? [] : [unreadable(domain, null, `the key folder ${folder} is not there: make it, or name another`)];
}

async function readKey(path: string, domain: string, selector: string, parsed: ParsedKeys): Promise<SigningKey | DkimProblem> {
  try {
    const stats = await stat(path);
    const state = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
    const known = parsed.get(path);
    if (known?.state === state) return known.key;
    const key = problemOfFile(stats, path, domain, selector) ?? parseSigningKey({ domain, selector, privateKey: await readFile(path, "utf8") });
    parsed.set(path, { state, key });
    return key;
  } catch (error) {
    return unreadable(domain, selector, `${path} cannot be read (${(error as NodeJS.ErrnoException).code}): let this user read it`);
  }
}

/** A key that anyone on the machine can read is not the domain's alone. Its group may read it: that is how services share one. */
function problemOfFile(stats: Stats, path: string, domain: string, selector: string): DkimProblem | null {
  const { mode, size } = stats;
  if (!stats.isFile()) return unreadable(domain, selector, `${path} is no file: put the key there, or take it away`);
  if (size > MAX_KEY_BYTES) return unreadable(domain, selector, `${path} holds more than ${MAX_KEY_BYTES} bytes: it is no key`);
  if (process.platform === "win32" || (mode & (OTHERS_MAY_READ_OR_WRITE | GROUP_MAY_WRITE)) === 0) return null;
  const message = `${path} is open to other users (mode ${(mode & 0o777).toString(8)}): run \`chmod 600 ${path}\``;
  return { code: "key_open_to_others", domain, selector, message };
}

function unreadable(domain: string, selector: string | null, message: string): DkimProblem {
  return { code: selector === null ? "key_missing" : "key_unreadable", domain, selector, message };
}
