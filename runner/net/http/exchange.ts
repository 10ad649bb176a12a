import type { HttpAnomaly, HttpPhases } from "../../../schemas/http.js";
import type { Attempt } from "../../../schemas/network.js";
import type { TlsFacts, TlsInput } from "../../../schemas/tls.js";
import type { RunView } from "../../run/run-state.js";
import type { Connection } from "../transport/connection.js";
import type { DialTarget, TcpGrant } from "../transport/dial.js";
import type { TlsGrant } from "../transport/tls.js";
import type { BodyFacts, BodyLimits } from "./body-reader.js";
import type { Field, HttpRequest, ResponseHead } from "./message.js";

export interface HttpContext {
  /** Its operations are the phases of an exchange. */
  readonly run: RunView;
  readonly tcp: TcpGrant;
  readonly tls: TlsGrant;
}

export interface HttpOptions extends Omit<DialTarget, "host" | "port"> {
  /** Where to connect to, in place of the addresses of the URL's host. */
  readonly address?: string;
  /** For the TLS handshake, for the response to begin, and for each further piece of it. */
  readonly command_timeout_ms: number;
  /** For the TLS handshake alone. */
  readonly handshake_timeout_ms?: number;
  /** Called after the TLS handshake, before anything is sent. Throws a FailureError for a server that must get nothing. */
  readonly checkPeer?: (connection: Connection) => void;
  readonly tls: Pick<TlsInput, "verify" | "servername" | "min_version" | "ca" | "client_certificate" | "client_key">;
  readonly body: (head: ResponseHead) => BodyLimits;
  /** Called with each decoded piece of the body. True: no more is needed. */
  readonly isEnough?: (bytes: Buffer) => boolean;
  /** Called after each piece: for how many milliseconds nothing more is read. Over HTTP/1.1 only. */
  readonly holdMs?: () => number;
  /** Sends a body of unknown length, in chunks, over HTTP/1.1. It ends early once the server has answered. */
  readonly upload?: (upload: Upload) => Promise<void>;
  /** Asks for another protocol on the connection, which is given to this after a 101: it must close it. */
  readonly upgraded?: (connection: Connection, rest: string, head: ResponseHead) => Promise<void>;
}

/** The sending side of a request whose body has no length. */
export interface Upload {
  /** Resolves when the system takes more; false: the connection broke, or the server has answered already. */
  send(piece: Buffer): Promise<boolean>;
}

/** One request and what is known about its response. Filled in as things happen, so that no failure loses what came before. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly attempts: Attempt[];
  ipAddress: string | null;
  tls: TlsFacts | null;
  /** Null until the header of the final response is complete. */
  head: ResponseHead | null;
  trailers: readonly Field[];
  readonly informational: number[];
  readonly phases: HttpPhases;
  body: BodyFacts | null;
  readonly anomalies: HttpAnomaly[];
}

export function newExchange(request: HttpRequest): Exchange {
  const phases = { resolve_ms: null, connect_ms: null, tls_ms: null, request_ms: null, first_byte_ms: null, headers_ms: null, body_ms: null };
  return { request, attempts: [], ipAddress: null, tls: null, head: null, trailers: [], informational: [], phases, body: null, anomalies: [] };
}
