import { FailureError, failureError } from "../../run/failure-error.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { decodeChallenge, encodeResponse, type SaslExchange, type SaslResponse } from "./exchange.js";

/** What the server answered to one line of an exchange: a challenge as it was sent, or the reply that ends the exchange. */
export type SaslStep<Reply> = { readonly challenge: string } | { readonly end: Reply };

/** How a protocol carries an exchange. `shown` replaces secrets in the trace. */
export interface SaslWire<Reply> {
  /** The longest initial response that may go with the command itself; a longer one waits for the server's empty challenge. */
  readonly initialBytes: number;
  /** The longest line that the server must take. */
  readonly lineBytes: number;
  begin(initial: string | null, shown: string | null): Promise<SaslStep<Reply>>;
  answer(line: string, shown: string): Promise<SaslStep<Reply>>;
  /** Ends the session: the server continues an exchange that was cancelled, so that it would take the next command for a response. */
  abandon(): void;
}

/** Carries the lines of one exchange, and gives the reply that ended it, whatever it is. */
export async function carryExchange<Reply>(exchange: SaslExchange, wire: SaslWire<Reply>, secrets: SecretKeeper): Promise<Reply> {
  const carrier = new Carrier(exchange, wire, secrets);
  const { initial } = exchange;
  const encoded = initial === null ? null : carrier.encode(initial);
  const goesAlong = encoded !== null && encoded.length <= wire.initialBytes;
  let unsent = goesAlong ? null : initial;
  // An initial response that is empty is said with an equals sign (RFC 4954, section 4; RFC 4959, section 3; RFC 5034, section 4).
  const first = goesAlong ? encoded || "=" : null;
  let step = await wire.begin(first, first === null ? null : secrets.mask(first));
  while ("challenge" in step) {
    const response = unsent ?? (await carrier.respond(step.challenge));
    unsent = null;
    step = await carrier.send(response);
  }
  return step.end;
}

class Carrier<Reply> {
  constructor(
    readonly exchange: SaslExchange,
    readonly wire: SaslWire<Reply>,
    readonly secrets: SecretKeeper,
  ) {}

  async respond(text: string): Promise<SaslResponse> {
    const challenge = decodeChallenge(text);
    try {
      if (challenge === null) throw failureError("auth", "protocol_violation", "the server's challenge is not one line of base64");
      return await this.exchange.respond(challenge);
    } catch (error) {
      await this.#cancel(error);
      throw error;
    }
  }

  async send(response: SaslResponse): Promise<SaslStep<Reply>> {
    const line = this.encode(response);
    const { lineBytes } = this.wire;
    if (line.length + 2 <= lineBytes) return this.wire.answer(line, this.secrets.mask(line));
    const error = failureError(
      "auth",
      "limit_exceeded",
      `the response takes ${line.length} bytes; the limit of an AUTH line is ${lineBytes} (RFC 4954, section 4)`,
    );
    await this.#cancel(error);
    throw error;
  }

  encode({ text, secret, proof }: SaslResponse): string {
    // A hostile server may send back what it was sent, as it was or decoded.
    if (secret) this.#hide(text);
    if (proof !== undefined) this.#hide(proof);
    return encodeResponse(text);
  }

  #hide(text: string): void {
    this.secrets.keepWhole(encodeResponse(text));
    this.secrets.keepWhole(text);
  }

  /** Cancels the exchange with a star, so that the session can continue. The earlier error is reported. */
  async #cancel(error: unknown): Promise<void> {
    if (!(error instanceof FailureError)) return;
    try {
      const step = await this.wire.answer("*", "*");
      if ("challenge" in step) this.wire.abandon();
    } catch (second) {
      if (!(second instanceof FailureError)) throw second;
    }
  }
}

/** A refusal with what the server explained of it inside the exchange, as XOAUTH2 does in JSON. */
export function explained(error: FailureError, exchange: SaslExchange, secrets: SecretKeeper): FailureError {
  const said = exchange.serverError();
  if (said === null) return error;
  const message = secrets.mask(`${error.failure.message}; the server explained: ${oneLine(said)}`);
  return new FailureError({ ...error.failure, message }, error.reply);
}

const MAX_EXPLANATION_CHARACTERS = 500;

function oneLine(said: string): string {
  return said
    .replace(/[\p{Cc}\s]+/gu, " ")
    .slice(0, MAX_EXPLANATION_CHARACTERS)
    .trim();
}
