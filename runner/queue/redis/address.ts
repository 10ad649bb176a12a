import { RequestError } from "../../support/request-error.js";

export interface RedisAddress {
  /** For people: without a password. */
  readonly shown: string;
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  /** Before every key, in braces: in a cluster that keeps all of a queue on one node. */
  readonly prefix: string;
}

const PASSWORD_VARIABLE = "PROBE_RUN_REDIS_PASSWORD";
const DEFAULT_PORT = 6379;
const DEFAULT_PREFIX = "probe-run";

/** redis://[user[:password]@]host[:port][/database][?prefix=name], or rediss:// for TLS. */
export function readRedisUrl(written: string, environment: NodeJS.ProcessEnv = process.env): RedisAddress {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || url.hostname === "") throw notRedis("it is no URL: write redis://host:6379/0");
  const database = /^\/?(\d*)$/.exec(url.pathname)?.[1];
  if (database === undefined) throw notRedis("what follows the port is the number of a database, such as /0");
  const unknown = [...url.searchParams.keys()].find((name) => name !== "prefix");
  if (unknown !== undefined) throw notRedis(`it knows no ${unknown}=: there is only prefix=`);
  const prefix = url.searchParams.get("prefix") ?? DEFAULT_PREFIX;
  if (!/^[\w.-]+$/.test(prefix)) throw notRedis("prefix= is made of letters, digits, dots, dashes and underscores");
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
    throw notRedis("a user or a password with % in it is written with %25");
  }
}

/** The URL itself is not shown: it may hold a password. */
function notRedis(message: string): RequestError {
  return new RequestError("the URL of the queue cannot be read", "usage", [
    { pointer: "", message, hint: `a password may also be given as ${PASSWORD_VARIABLE} in the environment` },
  ]);
}
