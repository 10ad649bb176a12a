import { RequestError } from "../../support/request-error.js";

export interface AmqpAddress {
  readonly protocol: "amqp" | "amqps";
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  /** Null: results go to an exchange that is there, and whoever set it up says where from there. */
  readonly queue: string | null;
  /** For clusters. A queue of one node is better off without: some versions (3.10) may find no leader after a crash, and confirms nothing then. */
  readonly isQuorum: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  /** For people: without the password. */
  readonly shown: string;
}

const PASSWORD_VARIABLE = "PROBE_RUN_AMQP_PASSWORD";
const DEFAULT_QUEUE = "probe-run.results";
const OPTIONS = ["queue", "type", "exchange", "routing_key"];

/** amqp://[user[:password]@]host[:port][/vhost][?queue=NAME][&type=classic|quorum], or ?exchange=NAME&routing_key=KEY; amqps:// for TLS. */
export function readAmqpUrl(written: string, environment: NodeJS.ProcessEnv = process.env): AmqpAddress {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || url.hostname === "") throw notAmqp("it is no URL: write amqp://host:5672");
  const { searchParams: query } = url;
  const unknown = [...query.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) throw notAmqp(`it knows no ${unknown}=: there are ${OPTIONS.join(", ")}`);
  const type = query.get("type") ?? "classic";
  if (type !== "classic" && type !== "quorum") throw notAmqp("type= is classic or quorum");
  const exchange = query.get("exchange");
  if (exchange !== null && query.has("queue")) throw notAmqp("it names a queue and an exchange: one of them");
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

/** The URL itself is not shown: it may hold a password. */
function notAmqp(message: string): RequestError {
  return new RequestError("the URL of the queue cannot be read", "usage", [
    { pointer: "", message, hint: `a password may also be given as ${PASSWORD_VARIABLE} in the environment` },
  ]);
}
