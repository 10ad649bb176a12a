import type { AuthInput, AuthMechanism } from "../../../schemas/smtp.js";
import { FailureError, fail } from "../../failure-error.js";
import type { SecretKeeper } from "../../secret-keeper.js";
import { authMechanisms } from "./capabilities.js";
import { LIMITS } from "./limits.js";
import { beginExchange, chooseMechanism, credentialsOf } from "./mechanism.js";
import { type Reply, replyClass } from "./reply.js";
import { decodeChallenge, encodeResponse, type SaslExchange, type SaslResponse } from "./sasl/exchange.js";
import { rejected, type SmtpSession } from "./session.js";

/** What is known of a login: the mechanism as soon as it is chosen, so that it survives a refusal. */
export interface LoginEvidence {
  mechanism: AuthMechanism | null;
}

/** Logs in (RFC 4954). A refusal, and a server that cannot be believed, are failures; `evidence` is filled on the way. */
export async function authenticate(
  session: SmtpSession,
  auth: AuthInput,
  secrets: SecretKeeper,
  evidence: LoginEvidence = { mechanism: null },
): Promise<{ mechanism: AuthMechanism; reply: Reply }> {
  const credentials = credentialsOf(auth);
  const mechanism = chooseMechanism(auth.mechanism, credentials, authMechanisms(session.capabilities));
  evidence.mechanism = mechanism.name;
  if (mechanism.readable && session.connection.tls === null && !auth.allow_plaintext) {
    throw fail(
      "auth",
      "not_permitted",
      `${mechanism.name} without TLS would show the ${mechanism.needs === "password" ? "password" : "access token"} to whoever listens; nothing was sent. Use TLS, or set auth.allow_plaintext`,
    );
  }
  for (const secret of [credentials.password, credentials.accessToken]) if (secret !== null) secrets.keep(secret);
  const exchange = beginExchange(mechanism, credentials);
  const reply = await new Conversation(session, mechanism.name, exchange, secrets).run();
  if (replyClass(reply) !== 2) throw refusal(reply, exchange, secrets);
  const doubt = exchange.doubt();
  if (doubt !== null) throw fail("auth", "protocol_violation", doubt);
  return { mechanism: mechanism.name, reply };
}

/** Carries the lines of one exchange. */
class Conversation {
  constructor(
    readonly session: SmtpSession,
    readonly mechanism: AuthMechanism,
    readonly exchange: SaslExchange,
    readonly secrets: SecretKeeper,
  ) {}

  /** Gives the reply that ended the exchange, whatever it is. */
  async run(): Promise<Reply> {
    const command = `AUTH ${this.mechanism}`;
    const { initial } = this.exchange;
    const inline = initial === null ? command : `${command} ${this.#encode(initial, "=")}`;
    // RFC 4954, section 4: an initial response that makes the command too long must wait for the server's empty challenge.
    let unsent = inline.length + 2 > LIMITS.commandLineBytes ? initial : null;
    let reply = await this.#send(unsent === null ? inline : command);
    while (reply.code === 334) {
      const response: SaslResponse = unsent ?? (await this.#respond(reply));
      unsent = null;
      reply = await this.#send(await this.#fitting(response));
    }
    if (replyClass(reply) === 3) throw fail("auth", "protocol_violation", `the server answered AUTH with ${reply.code}; 334 was expected, or an end`);
    return reply;
  }

  async #respond(reply: Reply): Promise<SaslResponse> {
    const challenge = reply.lines.length === 1 ? decodeChallenge(reply.lines[0] as string) : null;
    try {
      if (challenge === null) throw fail("auth", "protocol_violation", "the server's challenge is not one line of base64");
      return await this.exchange.respond(challenge);
    } catch (error) {
      await this.#cancel(error);
      throw error;
    }
  }

  async #fitting(response: SaslResponse): Promise<string> {
    const line = this.#encode(response, "");
    if (line.length + 2 <= LIMITS.authLineBytes) return line;
    const error = fail("auth", "limit_exceeded", `the response takes ${line.length} bytes; a line of AUTH holds ${LIMITS.authLineBytes} (RFC 4954, section 4)`);
    await this.#cancel(error);
    throw error;
  }

  /** Leaves the exchange (RFC 4954, section 4), so that the session can go on. What went wrong before is what counts. */
  async #cancel(error: unknown): Promise<void> {
    if (!(error instanceof FailureError)) return;
    try {
      await this.#send("*");
    } catch (second) {
      if (!(second instanceof FailureError)) throw second;
    }
  }

  #encode({ text, secret }: SaslResponse, empty: string): string {
    const encoded = encodeResponse(text);
    if (secret) {
      // A hostile server may send back what it was sent, as it was or decoded.
      this.secrets.keep(encoded);
      this.secrets.keep(text);
    }
    return encoded === "" ? empty : encoded;
  }

  #send(line: string): Promise<Reply> {
    return this.session.command(`AUTH ${this.mechanism}`, "auth", line, this.secrets.mask(line));
  }
}

/** The reply as a failure, with what the server explained in the exchange, as XOAUTH2 does in JSON. */
function refusal(reply: Reply, exchange: SaslExchange, secrets: SecretKeeper): FailureError {
  const error = rejected("auth", reply);
  const said = exchange.serverError();
  if (said === null) return error;
  return new FailureError({ ...error.failure, message: secrets.mask(`${error.failure.message}; the server explained: ${oneLine(said)}`) });
}

const MAX_EXPLANATION_CHARACTERS = 500;

function oneLine(said: string): string {
  return said
    .replace(/[\p{Cc}\s]+/gu, " ")
    .slice(0, MAX_EXPLANATION_CHARACTERS)
    .trim();
}
