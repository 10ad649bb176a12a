import { isFieldValue } from "../../../schemas/http-request.js";
import { Deadline } from "../../run/deadline.js";
import { failureError } from "../../run/failure-error.js";
import { Recorder } from "../../run/recorder.js";
import type { WireRun } from "../../run/run-state.js";
import { SecretKeeper } from "../../run/secret-keeper.js";
import { tcpGrant } from "../transport/dial.js";
import { tlsGrant } from "../transport/tls.js";
import { type Exchange, type HttpOptions, newExchange } from "./exchange.js";
import type { Field } from "./message.js";
import { send } from "./send.js";

/** A request of probe-run itself, outside of a probe's run: a webhook, a policy, a batch of spans. */
export interface SingleRequest extends Pick<HttpOptions, "address" | "handshake_timeout_ms" | "checkPeer"> {
  readonly method: "GET" | "POST";
  /** Without user and password: credentials are a field. */
  readonly url: string;
  readonly fields: readonly Field[];
  readonly body: string | null;
  /** For all of it, from looking up the host to the last byte. */
  readonly timeoutMs: number;
  /** Until there is a connection; the whole time by default. */
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** PEM, beside the system's. */
  readonly ca?: string | undefined;
  /** How much of the response's body is read. 0: the exchange ends with the header. */
  readonly maxBodyBytes: number;
}

/**
 * Sends one request over HTTP/1.1 on a connection of its own. Redirects are not followed, and a certificate that is not trusted ends it before the
 * request is sent. Rejects with a FailureError; `exchange` has what was learned.
 */
export async function sendSingle(asked: SingleRequest, exchange: Exchange = newSingleExchange(asked)): Promise<Exchange> {
  for (const [name, value] of asked.fields)
    if (!isFieldValue(value)) throw failureError("request", "not_permitted", `the value of the header ${name} is not one line without control characters`);
  const run: WireRun = { recorder: new Recorder(null), deadline: new Deadline(asked.timeoutMs, asked.signal), secrets: new SecretKeeper(), targets: null };
  try {
    await send({ run, tcp: tcpGrant(run), tls: tlsGrant(run) }, exchange, optionsOf(asked, run.deadline));
  } catch (error) {
    // The header was all that was wanted, and ended the exchange.
    if (asked.maxBodyBytes > 0 || exchange.head === null) throw error;
  } finally {
    run.deadline.release();
  }
  return exchange;
}

export function newSingleExchange({ method, url, fields, body }: SingleRequest): Exchange {
  return newExchange({ method, url: new URL(url), fields, body: body === null ? null : Buffer.from(body), version: "1.1" });
}

function optionsOf(
  { address, checkPeer, handshake_timeout_ms, connectTimeoutMs, timeoutMs, ca, maxBodyBytes }: SingleRequest,
  deadline: Deadline,
): HttpOptions {
  return {
    address_family: "any",
    connect_timeout_ms: connectTimeoutMs ?? timeoutMs,
    command_timeout_ms: timeoutMs,
    tls: { verify: "require", min_version: "TLSv1.2", ...(ca === undefined ? {} : { ca }) },
    ...(address === undefined ? {} : { address }),
    ...(checkPeer === undefined ? {} : { checkPeer }),
    ...(handshake_timeout_ms === undefined ? {} : { handshake_timeout_ms }),
    body() {
      if (maxBodyBytes === 0) queueMicrotask(() => deadline.end("cancelled"));
      return { most_bytes: maxBodyBytes, kept_bytes: maxBodyBytes };
    },
  };
}
