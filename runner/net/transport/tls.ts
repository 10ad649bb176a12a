import { parseTarget } from "../../../schemas/host.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic } from "../../run/clock.js";
import { failureError } from "../../run/failure-error.js";
import type { WireRun } from "../../run/run-state.js";
import type { Connection } from "./connection.js";
import { problemWords } from "./problem-words.js";
import { CLOSED_IN_HANDSHAKE, type SecureOptions } from "./secure-options.js";

export interface TlsGrant {
  /**
   * Makes a connection a TLS connection, and gives its facts whatever the certificate is worth: the caller judges that.
   * When it fails the connection is closed: after a broken handshake nothing may be said in plain text on it.
   */
  secure(connection: Connection, options: SecureOptions, timeoutMs: number): Promise<TlsFacts>;
}

/** Nothing is said to a peer whose certificate has to be trusted and is not. */
export function requireTrusted(tls: TlsFacts, name: string): void {
  if (!tls.authorised) throw failureError("tls", "tls_certificate", `the certificate is not trusted for ${name}: ${problemWords(tls)}`);
}

export function tlsGrant(state: WireRun): TlsGrant {
  return new Securer(state);
}

class Securer implements TlsGrant {
  readonly #state: WireRun;

  constructor(state: WireRun) {
    this.#state = state;
  }

  secure(connection: Connection, options: SecureOptions, timeoutMs: number): Promise<TlsFacts> {
    return secure(this.#state, connection, options, timeoutMs);
  }
}

/** node:tls and node:crypto take some milliseconds to load: a run that stays in the clear does not pay for them. */
let library: typeof import("./handshake.js") | null = null;

async function secure(state: WireRun, connection: Connection, options: SecureOptions, timeoutMs: number): Promise<TlsFacts> {
  const { recorder } = state;
  library ??= await import("./handshake.js");
  const operation = recorder.begin("TLS");
  // In A-labels without the trailing dot, as in SNI and certificates.
  const name = parseTarget(options.host)?.host ?? options.host;
  try {
    // It may have gone while the library was loaded. node:tls would wait for it on the ended socket until the time-out.
    if (connection.hasEnded) throw failureError("tls", "closed", CLOSED_IN_HANDSHAKE);
    const socket = await library.handshake(state, connection, name, options, timeoutMs);
    const at = monotonic();
    const facts = library.factsOf(socket, name, options.ca);
    connection.replaceSocket(socket, facts);
    recorder.end(operation, null, `${facts.version} ${facts.cipher}`, at);
    recorder.note("note", `${facts.version} with ${facts.cipher}, certificate ${problemWords(facts) || "trusted"}`, at);
    return facts;
  } catch (error) {
    recorder.end(operation);
    connection.close();
    throw error;
  }
}
