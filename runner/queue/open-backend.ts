import { RequestError } from "../support/request-error.js";
import type { Backend } from "./backend.js";
import { BACKEND_DEFAULTS, type BackendOptions, DEFAULT_QUEUE } from "./backend-options.js";

type Open = (url: string, options: BackendOptions) => Promise<Backend>;

/** The stores by the scheme of their URLs. Each module is imported on demand. */
const STORES: Readonly<Record<string, Open>> = {
  "sqlite:": async (url, options) => (await import("./sqlite/backend.js")).openSqlite(url.slice("sqlite:".length), options),
  "redis:": async (url, options) => (await import("./redis/backend.js")).openRedis(url, options),
  "rediss:": async (url, options) => (await import("./redis/backend.js")).openRedis(url, options),
  "nats:": async (url, options) => (await import("./nats/backend.js")).openNats(url, options),
  "amqp:": async (url, options) => (await import("./amqp/backend.js")).openAmqp(url, options),
  "amqps:": async (url, options) => (await import("./amqp/backend.js")).openAmqp(url, options),
  "https:": async (url) => (await import("./webhook/backend.js")).openWebhook(url),
  "http:": async (url) => (await import("./webhook/backend.js")).openWebhook(url),
  "file:": async (url, options) => (await import("./lines/file.js")).openFile(url.slice("file:".length), options),
  "stdout:": async () => (await import("./lines/stdout.js")).openStdout(),
};

/** This URL has nothing after its scheme. */
const STDOUT = "stdout:";

export async function openBackend(url: string, options: Partial<BackendOptions> = {}): Promise<Backend> {
  const scheme = /^[a-z][a-z+.-]*:/.exec(url)?.[0] ?? "";
  const open = Object.hasOwn(STORES, scheme) ? STORES[scheme] : undefined;
  if (open === undefined || (url === scheme) !== (scheme === STDOUT)) throw unknownStore(scheme === "" ? url : scheme);
  return open(url, { ...BACKEND_DEFAULTS, ...options });
}

/** Shows only the scheme: the rest of the URL may hold a password. */
function unknownStore(written: string): RequestError {
  return new RequestError(`unsupported queue URL ${JSON.stringify(written)}`, "usage", [
    { pointer: "", message: `a queue is a URL that begins with ${Object.keys(STORES).join(", ")}`, hint: `for example ${DEFAULT_QUEUE}` },
  ]);
}
