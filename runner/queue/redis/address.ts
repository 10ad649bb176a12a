import { RequestError } from "../../support/request-error.js";

export interface RedisAddress {
  /** The URL without its password, for messages. */
  readonly shown: string;
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  /** The prefix of every key, in braces: a cluster keeps the whole queue on one node. */
  readonly prefix: string;
}

const PASSWORD_VARIABLE = "PROBE_RUN_REDIS_PASSWORD";
const DEFAULT_PORT = 6379;
const DEFAULT_PREFIX = "probe-run";

/** redis://[user[:password]@]host[:port][/database][?prefix=name], or rediss:// for TLS. */
export function readRedisUrl(written: string, environment: NodeJS.ProcessEnv = process.env): RedisAddress {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || url.hostname === "") throw notRedis("it is not a URL: write redis://host:6379/0");
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1];
  if (database === undefined) throw notRedis("the path must be the number of a database, such as /0");
  const unknown = [...url.searchParams.keys()].find((name) => name !== "prefix");
  if (unknown !== undefined) throw notRedis(`unknown setting ${unknown}=: the only one is prefix=`);
  const prefix = url.searchParams.get("prefix") ?? DEFAULT_PREFIX;
  if (!/^[\w.-]+$/.test(prefix)) throw notRedis("prefix= may contain letters, digits, dots, dashes and underscores");
  return {
    shown: `${url.protocol}//${url.host}${url.pathname}${url.search}`,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    isEncrypted: url.protocol === "rediss:",
    username: decoded(url.username) || null,
    password: decoded(url.password) || environment[PASSWORD_VARIABLE] || null,
    database: Number(database),
    prefix: `{${prefix}}`,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw notRedis("write % in a user or a password as %25");
  }
}

/** Does not show the URL: it may hold a password. */
function notRedis(message: string): RequestError {
  return new RequestError("the URL of the queue cannot be read", "usage", [
    { pointer: "", message, hint: `a password may also be given as ${PASSWORD_VARIABLE} in the environment` },
  ]);
}
