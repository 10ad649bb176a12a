import { RequestError } from "../../support/request-error.js";

/** What a nats: URL says. */
export interface NatsAddress {
  /** host:port */
  readonly server: string;
  readonly user: string | null;
  readonly password: string | null;
  /** In the place of a user. */
  readonly token: string | null;
  /** Begins the name of each stream and subject. */
  readonly prefix: string;
  /** How many servers of a cluster keep each message. */
  readonly replicas: number;
  readonly isTls: boolean;
  /** For people: without the password. */
  readonly shown: string;
}

const PASSWORD_VARIABLE = "PROBE_RUN_NATS_PASSWORD";
const TOKEN_VARIABLE = "PROBE_RUN_NATS_TOKEN";
const DEFAULT_PREFIX = "probe-run";
const OPTIONS = ["prefix", "replicas", "tls"];

/** nats://[user[:password]@]host[:port][?prefix=NAME][&replicas=3][&tls=true] */
export function readNatsUrl(written: string, environment: NodeJS.ProcessEnv = process.env): NatsAddress {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || url.hostname === "") throw notNats("it is no URL: write nats://host:4222");
  if (url.pathname.length > 1) throw notNats("nothing follows the host and port but ?prefix=, replicas= and tls=");
  const { searchParams: query } = url;
  const unknown = [...query.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw notNats(`it knows no ${unknown}=: there are ${OPTIONS.join(", ")}`);
  const prefix = query.get("prefix") ?? DEFAULT_PREFIX;
  if (!/^[\w-]{1,64}$/.test(prefix)) throw notNats("prefix= is made of letters, digits, dashes and underscores");
  const replicas = Number(query.get("replicas") ?? 1);
  if (![1, 3, 5].includes(replicas)) throw notNats("replicas= is 1, 3 or 5, and no more than the cluster has servers");
  return {
    server: `${url.hostname}:${url.port === "" ? 4222 : url.port}`,
    user: decodeURIComponent(url.username) || null,
    password: decodeURIComponent(url.password) || environment[PASSWORD_VARIABLE] || null,
    token: environment[TOKEN_VARIABLE] ?? null,
    prefix,
    replicas,
    isTls: query.get("tls") === "true",
    shown: `nats://${url.host}${url.search}`,
  };
}

/** The URL itself is not shown: it may hold a password. */
function notNats(message: string): RequestError {
  return new RequestError("the URL of the queue cannot be read", "usage", [
    { pointer: "", message, hint: `a password may also be given as ${PASSWORD_VARIABLE} in the environment, a token as ${TOKEN_VARIABLE}` },
  ]);
}
