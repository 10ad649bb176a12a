import { RequestError } from "../../support/request-error.js";

/** The settings in a nats: URL. */
export interface NatsAddress {
  /** host:port */
  readonly server: string;
  readonly user: string | null;
  readonly password: string | null;
  /** Used instead of a user. */
  readonly token: string | null;
  /** The beginning of the name of each stream and subject. */
  readonly prefix: string;
  /** How many servers of a cluster store each message. */
  readonly replicas: number;
  readonly isTls: boolean;
  /** The URL without its password, for messages. */
  readonly shown: string;
}

const PASSWORD_VARIABLE = "PROBE_RUN_NATS_PASSWORD";
const TOKEN_VARIABLE = "PROBE_RUN_NATS_TOKEN";
const DEFAULT_PREFIX = "probe-run";
const OPTIONS = ["prefix", "replicas", "tls"];

/** nats://[user[:password]@]host[:port][?prefix=NAME][&replicas=3][&tls=true] */
export function readNatsUrl(written: string, environment: NodeJS.ProcessEnv = process.env): NatsAddress {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || url.hostname === "") throw notNats("it is not a URL: write nats://host:4222");
  if (url.pathname.length > 1) throw notNats("only ?prefix=, replicas= and tls= may follow the host and port");
  const { searchParams: query } = url;
  const unknown = [...query.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw notNats(`unknown setting ${unknown}=: the settings are ${OPTIONS.join(", ")}`);
  const prefix = query.get("prefix") ?? DEFAULT_PREFIX;
  if (!/^[\w-]{1,64}$/.test(prefix)) throw notNats("prefix= may contain letters, digits, dashes and underscores");
  const replicas = Number(query.get("replicas") ?? 1);
  if (![1, 3, 5].includes(replicas)) throw notNats("replicas= must be 1, 3 or 5, and not exceed the number of servers");
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

/** Does not show the URL: it may hold a password. */
function notNats(message: string): RequestError {
  return new RequestError("the URL of the queue cannot be read", "usage", [
    { pointer: "", message, hint: `a password may also be given as ${PASSWORD_VARIABLE} in the environment, a token as ${TOKEN_VARIABLE}` },
  ]);
}
