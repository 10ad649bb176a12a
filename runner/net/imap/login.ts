import type { AuthInput, AuthMechanism } from "../../../schemas/smtp.js";
import { failureError } from "../../run/failure-error.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { beginExchange, chooseMethod, credentialsOf, MECHANISMS, requireCover } from "../sasl/mechanism.js";
import { carryExchange, explained, type SaslStep, type SaslWire } from "../sasl/run-exchange.js";
import { astring, quoted } from "./command-line.js";
import { knownCapabilities } from "./commands.js";
import type { CommandReply, InFlight, Step } from "./in-flight.js";
import { LIMITS } from "./limits.js";
import { offeredMechanisms } from "./offered-mechanisms.js";
import { expectOk, rejected } from "./reply.js";
import type { ImapSession } from "./session.js";

/** What is known of a login: the mechanism as soon as it is chosen, so that it survives a refusal. */
export interface LoginEvidence {
  mechanism: AuthMechanism | null;
}

/**
 * Logs in: by AUTHENTICATE (RFC 3501, section 6.2.2) if the server offers a suitable mechanism, otherwise by the LOGIN command, which is what the
 * mechanism LOGIN means here. A refusal, and an implausible server, are failures.
 */
export async function logIn(session: ImapSession, auth: AuthInput, evidence: LoginEvidence = { mechanism: null }): Promise<CommandReply> {
  const { secrets } = session.connection.run;
  const credentials = credentialsOf(auth);
  const mechanism = chooseMethod(MECHANISMS, auth.mechanism, credentials, offeredMechanisms(await knownCapabilities(session)));
  evidence.mechanism = mechanism.name;
  requireCover(mechanism, session.connection.tls !== null, auth.allow_plaintext);
  for (const secret of [credentials.password, credentials.accessToken]) if (secret !== null) secrets.keep(secret);
  const capabilitiesBefore = session.capabilities;
  const reply =
    mechanism.name === "LOGIN"
      ? await plainLogin(session, credentials.username, credentials.password as string, secrets)
      : await authenticate(session, mechanism.name, beginExchange(mechanism, credentials), secrets);
  // A server may offer more after the login (RFC 3501, section 6.2.3): earlier capabilities are no longer valid.
  if (session.capabilities === capabilitiesBefore) session.capabilities = null;
  return reply;
}

async function plainLogin(session: ImapSession, username: string, password: string, secrets: SecretKeeper): Promise<CommandReply> {
  // In quotes it may look another way, and a hostile server may send back the very line it was sent.
  secrets.keep(quoted(password).slice(1, -1));
  return expectOk("auth", await session.command("LOGIN", "auth", ["LOGIN ", astring(username), " ", astring(password, true)]));
}

async function authenticate(
  session: ImapSession,
  name: AuthMechanism,
  exchange: ReturnType<typeof beginExchange>,
  secrets: SecretKeeper,
): Promise<CommandReply> {
  const reply = await carryExchange(exchange, wireOf(session, name), secrets);
  if (reply.status !== "OK") throw explained(rejected("auth", reply), exchange, secrets);
  const doubt = exchange.doubt();
  if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
  return reply;
}

/** A command in one operation, however many lines go to and fro. */
function wireOf(session: ImapSession, name: AuthMechanism): SaslWire<CommandReply> {
  const command = `AUTHENTICATE ${name}`;
  let current: InFlight | null = null;
  return {
    // RFC 4959: without SASL-IR nothing goes along.
    initialBytes: session.has("SASL-IR") ? LIMITS.commandLineBytes - `${command} `.length : -1,
    lineBytes: LIMITS.authLineBytes,
    async begin(initial) {
      ({ current } = session.start(command, "auth", [initial === null ? command : `${command} ${initial}`]));
      return stepOf(await current.next());
    },
    async answer(line) {
      session.write(line);
      return stepOf(await (current as InFlight).next());
    },
    abandon: () => void session.violated("auth", "the server continues a login that was cancelled"),
  };
}

function stepOf(step: Step): SaslStep<CommandReply> {
  if (step.kind === "end") return { end: step.reply };
  return { challenge: step.kind === "continue" ? step.text : "" };
}
