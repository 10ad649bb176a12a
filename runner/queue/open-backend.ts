import { RequestError } from "../request-error.js";
import type { Backend } from "./backend.js";
import { BACKEND_DEFAULTS, type BackendOptions } from "./backend-options.js";
import { DEFAULT_QUEUE } from "./default-queue.js";

type Open = (url: string, options: BackendOptions) => Promise<Backend>;

/** Every store by the beginning of its URL. Each is imported when it is asked for, and no other. */
const STORES: Readonly<Record<string, Open>> = {
  "sqlite:": async (url, options) => (await import("./sqlite/backend.js")).openSqlite(url.slice("sqlite:".length), options),
  "redis:": async (url, options) => (await import("./redis/backend.js")).openRedis(url, options),
  "rediss:": async (url, options) => (await import("./redis/backend.js")).openRedis(url, options),
};

export async function openBackend(url: string, options: Partial<BackendOptions> = {}): Promise<Backend> {
  const scheme = /^[a-z]+:/.exec(url)?.[0] ?? "";
  const open = Object.hasOwn(STORES, scheme) ? STORES[scheme] : undefined;
  if (open === undefined || url === scheme) throw unknownStore(scheme === "" ? url : scheme);
  return open(url, { ...BACKEND_DEFAULTS, ...options });
}

/** Of the URL only its beginning is shown: what follows may hold a password. */
function unknownStore(written: string): RequestError {
  return new RequestError(`${JSON.stringify(written)} is no queue`, "usage", [
    { pointer: "", message: `a queue is a URL that begins with ${Object.keys(STORES).join(", ")}`, hint: `for example ${DEFAULT_QUEUE}` },
  ]);
}
