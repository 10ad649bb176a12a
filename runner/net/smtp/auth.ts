import type { AuthInput, AuthMechanism } from "../../../schemas/smtp.js";
import { failureError } from "../../run/failure-error.js";
import { beginExchange, chooseMethod, credentialsOf, MECHANISMS, requireCover } from "../sasl/mechanism.js";
import { carryExchange, explained, type SaslStep, type SaslWire } from "../sasl/run-exchange.js";
import { authMechanisms } from "./capabilities.js";
import { LIMITS } from "./limits.js";
import { type Reply, replyClass } from "./reply.js";
import { rejected, type SmtpSession } from "./session.js";

/** What is known of a login: the mechanism as soon as it is chosen, so that it survives a refusal. */
export interface LoginEvidence {
  mechanism: AuthMechanism | null;
}

/** Logs in (RFC 4954). A refusal, and a server that cannot be believed, are failures; `evidence` is filled on the way. */
export async function authenticate(
  session: SmtpSession,
  auth: AuthInput,
  evidence: LoginEvidence = { mechanism: null },
): Promise<{ mechanism: AuthMechanism; reply: Reply }> {
  const { secrets } = session.connection.run;
  const credentials = credentialsOf(auth);
  const mechanism = chooseMethod(MECHANISMS, auth.mechanism, credentials, authMechanisms(session.capabilities));
  evidence.mechanism = mechanism.name;
  requireCover(mechanism, session.connection.tls !== null, auth.allow_plaintext);
  for (const secret of [credentials.password, credentials.accessToken]) if (secret !== null) secrets.keep(secret);
  const exchange = beginExchange(mechanism, credentials);
  const reply = await carryExchange(exchange, wireOf(session, mechanism.name), secrets);
  if (replyClass(reply) !== 2) throw explained(rejected("auth", reply), exchange, secrets);
  const doubt = exchange.doubt();
  if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
  return { mechanism: mechanism.name, reply };
}

function wireOf(session: SmtpSession, mechanism: AuthMechanism): SaslWire<Reply> {
  const command = `AUTH ${mechanism}`;
  const send = (line: string, shown: string): Promise<SaslStep<Reply>> => session.command(command, "auth", line, shown).then(stepOf);
  return {
    // RFC 4954, section 4: an initial response that makes the command too long must wait.
    initialBytes: LIMITS.commandLineBytes - `${command} \r\n`.length,
    lineBytes: LIMITS.authLineBytes,
    begin: (initial, shown) => (initial === null ? send(command, command) : send(`${command} ${initial}`, `${command} ${shown}`)),
    answer: send,
    abandon: () => session.close(),
  };
}

function stepOf(reply: Reply): SaslStep<Reply> {
  // A challenge is one line: a multiline reply is not base64, and so not a challenge.
  if (reply.code === 334) return { challenge: reply.lines.join(",") };
  if (replyClass(reply) === 3)
    throw failureError("auth", "protocol_violation", `the server answered AUTH with ${reply.code}; 334 or a final reply was expected`);
  return { end: reply };
}
