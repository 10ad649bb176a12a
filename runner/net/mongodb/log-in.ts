import { failureError } from "../../run/failure-error.js";
import { scramSha256 } from "../sasl/scram-sha-256.js";
import type { MongoSession } from "./session.js";

export interface Login {
  readonly username: string;
  readonly password: string;
  /** The database that knows the user. */
  readonly source: string;
}

const MECHANISM = "SCRAM-SHA-256";
/** The server's two messages, and one that servers before version 4.4 want in the end. */
const MAX_STEPS = 4;

/** SCRAM-SHA-256: the password is never sent, and the server proves that it knows it. */
export async function logIn(session: MongoSession, { username, password, source }: Login): Promise<void> {
  const exchange = scramSha256(username, password);
  const { secrets } = session.connection.run;
  const begin = { saslStart: 1, mechanism: MECHANISM, payload: Buffer.from(exchange.initial?.text ?? ""), options: { skipEmptyExchange: true } };
  let { document } = await session.require("auth", source, begin);
  for (let step = 0; document.get("done") !== true; step++) {
    if (step === MAX_STEPS) throw failureError("auth", "limit_exceeded", "a login of too many steps");
    const { text, proof } = exchange.doubt() === null ? { text: "" } : await exchange.respond(payloadOf(document.get("payload")));
    // A hostile server may send back what it was sent.
    for (const secret of [text, proof ?? ""]) secrets.keepWhole(secret);
    const conversationId = document.get("conversationId");
    if (typeof conversationId !== "number") throw failureError("auth", "protocol_violation", "the login has no conversationId");
    ({ document } = await session.require("auth", source, { saslContinue: 1, conversationId, payload: Buffer.from(text) }));
  }
  // With the last message the server may be done: its proof is in it.
  if (exchange.doubt() !== null) await exchange.respond(payloadOf(document.get("payload")));
  const doubt = exchange.doubt();
  if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
}

function payloadOf(value: unknown): Buffer {
  if (!Buffer.isBuffer(value)) throw failureError("auth", "protocol_violation", "the server's SCRAM message is missing");
  return value;
}
