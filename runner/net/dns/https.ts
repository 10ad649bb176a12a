import { type Failure, failure } from "../../../schemas/failure.js";
import type { HttpVersion } from "../../../schemas/http.js";
import { USUAL_HTTPS_PATH } from "../../../schemas/name-server.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { FailureError } from "../../run/failure-error.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import { type Exchange, newExchange } from "../http/exchange.js";
import { type Field, fieldValue, type HttpRequest } from "../http/message.js";
import { send } from "../http/send.js";
import { tcpGrant } from "../transport/dial.js";
import { tlsGrant } from "../transport/tls.js";
import type { ServerAddress } from "./server-address.js";
import type { TlsOptions } from "./tls.js";
import type { ReadReply } from "./udp.js";

export interface HttpsOptions {
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
  /** The path of the service (RFC 8484, section 4.1: each server has its own). */
  readonly httpsPath?: string | undefined;
}

const MEDIA_TYPE = "application/dns-message";
/** RFC 8484, section 6. */
const BODY = { most_bytes: 65_535, kept_bytes: 65_535 };
/** Phases of HTTP that a question to a name server does not have. */
const OWN_PHASES: ReadonlySet<string> = new Set(["resolve", "connect", "tls"]);

export interface RepliedByHttps<Reply> {
  readonly reply: Reply | Failure;
  readonly tls: TlsFacts | null;
  readonly httpVersion: HttpVersion | null;
}

/** Sends a query as the body of a POST (RFC 8484), over HTTP/2 if the server chooses it. The certificate is judged by the caller, but for `require`. */
export async function exchangeByHttps<Reply extends object>(
  state: WireRun,
  server: ServerAddress,
  query: Buffer,
  options: HttpsOptions,
  read: ReadReply<Reply>,
): Promise<RepliedByHttps<Reply>> {
  const exchange = newExchange(requestOf(server, query, options));
  const reply = await replyTo(state, exchange, server, options, read);
  return { reply, tls: exchange.tls, httpVersion: exchange.head?.version ?? null };
}

async function replyTo<Reply extends object>(
  state: WireRun,
  exchange: Exchange,
  server: ServerAddress,
  { tls: { servername, verify, min_version, ca }, timeoutMs }: HttpsOptions,
  read: ReadReply<Reply>,
): Promise<Reply | Failure> {
  // The question is one operation of the run, not a request with its phases.
  const recorder = new Recorder(null);
  const run: WireRun = { ...state, recorder };
  const tls = { verify, min_version, ...(servername === undefined ? {} : { servername }), ...(ca === undefined ? {} : { ca }) };
  const usual = { address_family: "any", connect_timeout_ms: timeoutMs, command_timeout_ms: timeoutMs } as const;
  try {
    await send({ run, tcp: tcpGrant(run), tls: tlsGrant(run) }, exchange, { ...usual, address: server.address, tls, body: () => BODY });
    return messageIn(exchange, read);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const { phase, code, message } = error.failure;
    return OWN_PHASES.has(phase) ? error.failure : failure("query", code, message);
  } finally {
    if (recorder.connectedAt !== null) state.recorder.connected(server.address, recorder.connectedAt);
  }
}

/** The name of the certificate is the name of the service, if the input has one. */
function requestOf({ address, family, port }: ServerAddress, query: Buffer, { tls: { servername }, httpsPath = USUAL_HTTPS_PATH }: HttpsOptions): HttpRequest {
  const host = servername ?? (family === 6 ? `[${address}]` : address);
  const fields: Field[] = [
    ["accept", MEDIA_TYPE],
    ["content-type", MEDIA_TYPE],
    ["user-agent", "probe-run"],
  ];
  return { method: "POST", url: new URL(`https://${host}:${port}${httpsPath}`), fields, body: query, version: "auto" };
}

function messageIn<Reply extends object>({ head, body }: Exchange, read: ReadReply<Reply>): Reply | Failure {
  const status = head?.status ?? 0;
  if (status < 200 || status > 299) return failure("query", status === 429 || status >= 500 ? "refused" : "unsupported", `the server answers HTTP ${status}`);
  const type = (fieldValue(head?.fields ?? [], "content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== MEDIA_TYPE) return failure("query", "protocol_violation", `the response is ${type || "without a media type"}, not ${MEDIA_TYPE}`);
  if (body?.truncated === true) return failure("query", "limit_exceeded", "the response is longer than a message can be");
  const reply = read(body?.kept ?? Buffer.alloc(0));
  return typeof reply === "string" ? failure("query", "protocol_violation", "a reply over HTTPS that cannot be read") : reply;
}
