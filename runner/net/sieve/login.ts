import type { AuthInput, AuthMechanism } from "../../../schemas/smtp.js";
import { failureError } from "../../run/failure-error.js";
import { beginExchange, chooseMethod, credentialsOf, MECHANISMS, requireCover } from "../sasl/mechanism.js";
import { carryExchange, explained, type SaslStep, type SaslWire } from "../sasl/run-exchange.js";
import { type Reply, rejected } from "./reply.js";
import type { Capability, SieveSession } from "./session.js";

export function mechanismsOf(capabilities: readonly Capability[] | null): string[] {
  return (capabilities ?? []).filter(({ keyword }) => keyword === "SASL").flatMap(({ parameters }) => parameters.map((name) => name.toUpperCase()));
}

/** Logs in by AUTHENTICATE (RFC 5804, section 2.1). A refusal is a failure; `evidence` has the mechanism as soon as it is chosen. */
export async function logIn(session: SieveSession, auth: AuthInput, evidence: { mechanism: AuthMechanism | null }): Promise<void> {
  const { secrets } = session.connection.run;
  const credentials = credentialsOf(auth);
  const mechanism = chooseMethod(MECHANISMS, auth.mechanism, credentials, mechanismsOf(session.capabilities));
  evidence.mechanism = mechanism.name;
  requireCover(mechanism, session.connection.tls !== null, auth.allow_plaintext);
  for (const secret of [credentials.password, credentials.accessToken]) if (secret !== null) secrets.keep(secret);
  const exchange = beginExchange(mechanism, credentials);
  const reply = await carryExchange(exchange, wireOf(session, mechanism.name), secrets);
  if (reply.status !== "OK") throw explained(rejected("auth", reply), exchange, secrets);
  const doubt = exchange.doubt();
  if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
}

/** RFC 5804, section 1.6: servers must take strings of this size. */
const LINE_BYTES = 8192;

function wireOf(session: SieveSession, name: AuthMechanism): SaslWire<Reply> {
  const command = `AUTHENTICATE "${name}"`;
  // An OK may carry the server's last challenge (section 1.3, SASL): it is judged before the login counts, and nothing more is sent.
  let ended: Reply | null = null;
  const send = async (line: string, shown: string): Promise<SaslStep<Reply>> => {
    if (ended !== null) return { end: ended };
    const reply = await session.command(command, "auth", line, { shown, mayContinue: true });
    if (reply.status === "continue") return { challenge: reply.text };
    const [, last] = /^SASL "([^"]*)"$/i.exec(reply.code ?? "") ?? [];
    if (reply.status !== "OK" || last === undefined) return { end: reply };
    ended = reply;
    return { challenge: last };
  };
  return {
    initialBytes: LINE_BYTES,
    lineBytes: LINE_BYTES,
    begin: (initial, shown) => (initial === null ? send(command, command) : send(`${command} "${initial === "=" ? "" : initial}"`, `${command} "${shown}"`)),
    abandon: () => session.close(),
    answer: (line, shown) => (line === "*" ? send('"*"', '"*"') : send(`"${line}"`, `"${shown}"`)),
  };
}
