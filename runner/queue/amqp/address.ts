import { RequestError } from "../../support/request-error.js";

export interface AmqpAddress {
  readonly protocol: "amqp" | "amqps";
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** Null: results go to an existing exchange, whose bindings decide where they go. */
  readonly queue: string | null;
  /** For clusters. On a single node a classic queue is better: some versions (3.10) may find no leader after a crash, and then confirm nothing. */
  readonly isQuorum: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  /** The URL without its password, for messages. */
  readonly shown: string;
}

const PASSWORD_VARIABLE = "PROBE_RUN_AMQP_PASSWORD";
const DEFAULT_QUEUE = "probe-run.results";
const OPTIONS = ["queue", "type", "exchange", "routing_key"];

/** amqp://[user[:password]@]host[:port][/vhost][?queue=NAME][&type=classic|quorum], or ?exchange=NAME&routing_key=KEY; amqps:// for TLS. */
export function readAmqpUrl(written: string, environment: NodeJS.ProcessEnv = process.env): AmqpAddress {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || url.hostname === "") throw notAmqp("it is not a URL: write amqp://host:5672");
  const { searchParams: query } = url;
  const unknown = [...query.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw notAmqp(`unknown setting ${unknown}=: the settings are ${OPTIONS.join(", ")}`);
  const type = query.get("type") ?? "classic";
  if (type !== "classic" && type !== "quorum") throw notAmqp("type= must be classic or quorum");
  const exchange = query.get("exchange");
  if (exchange !== null && query.has("queue")) throw notAmqp("give a queue or an exchange, not both");
  const queue = exchange === null ? (query.get("queue") ?? DEFAULT_QUEUE) : null;
  const isEncrypted = url.protocol === "amqps:";
  return {
    protocol: isEncrypted ? "amqps" : "amqp",
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isEncrypted ? 5671 : 5672) : Number(url.port),
    username: decodeURIComponent(url.username) || "guest",
    password: decodeURIComponent(url.password) || environment[PASSWORD_VARIABLE] || "guest",
    vhost: decodeURIComponent(url.pathname.slice(1)) || "/",
    queue,
    isQuorum: type === "quorum",
    exchange: exchange ?? "",
    routingKey: queue ?? query.get("routing_key") ?? "",
    shown: `${url.protocol}//${url.host}${url.pathname}${url.search}`,
  };
}

/** Does not show the URL: it may hold a password. */
function notAmqp(message: string): RequestError {
  return new RequestError("the URL of the queue cannot be read", "usage", [
    { pointer: "", message, hint: `a password may also be given as ${PASSWORD_VARIABLE} in the environment` },
  ]);
}
