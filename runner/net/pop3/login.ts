import { createHash } from "node:crypto";
import type { Pop3AuthInput, Pop3Method } from "../../../schemas/pop3.js";
import { failureError } from "../../run/failure-error.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import { beginExchange, type Credentials, chooseMethod, credentialsOf, MECHANISMS, type Method, requireCover } from "../sasl/mechanism.js";
import { carryExchange, explained, type SaslStep, type SaslWire } from "../sasl/run-exchange.js";
import { offeredMechanisms, timestampOf } from "./capabilities.js";
import { LIMITS } from "./limits.js";
import { accepted, rejected } from "./reply.js";
import type { Pop3Session, TimedReply } from "./session.js";

/** What is known of a login: the method as soon as it is chosen, so that it survives a refusal. */
export interface LoginEvidence {
  mechanism: Pop3Method | null;
}

/** The strongest first. What AUTH carries is SASL's; the others are POP3's own. */
const METHODS: readonly Method<Pop3Method>[] = [
  ...MECHANISMS.filter(({ readable }) => !readable),
  { name: "APOP", needs: "password", readable: false },
  ...MECHANISMS.filter(({ readable, needs }) => readable && needs === "password"),
  { name: "USER", needs: "password", readable: true },
  ...MECHANISMS.filter(({ needs }) => needs === "accessToken"),
];

/** Logs in. A refusal, and a server that cannot be believed, are failures; `evidence` is filled on the way. */
export async function logIn(session: Pop3Session, auth: Pop3AuthInput, evidence: LoginEvidence = { mechanism: null }): Promise<TimedReply> {
  const { secrets } = session.connection.run;
  const credentials = credentialsOf(auth);
  const method = chooseMethod(METHODS, auth.mechanism, credentials, offered(session, auth));
  evidence.mechanism = method.name;
  requireCover(method, session.connection.tls !== null, auth.allow_plaintext);
  for (const secret of [credentials.password, credentials.accessToken]) if (secret !== null) secrets.keep(secret);
  if (method.name === "USER") return userPass(session, credentials);
  if (method.name === "APOP") return apop(session, credentials, secrets);
  return authenticate(session, method.name, credentials, secrets);
}

/**
 * Many servers greet with a timestamp but do not store plain-text passwords, which APOP needs. So `auto` uses it only if it hides something: inside
 * TLS everything is hidden.
 */
function offered(session: Pop3Session, { mechanism }: Pop3AuthInput): string[] {
  const ways = offeredMechanisms(session.capabilities, session.greeting?.text ?? null);
  return mechanism === "auto" && session.connection.tls !== null ? ways.filter((name) => name !== "APOP") : ways;
}

async function userPass(session: Pop3Session, { username, password }: Credentials): Promise<TimedReply> {
  accepted("auth", await session.command("USER", "auth", `USER ${username}`));
  return accepted("auth", await session.command("PASS", "auth", `PASS ${password}`, { shown: "PASS [secret]" }));
}

/** RFC 1939, section 7. */
async function apop(session: Pop3Session, { username, password }: Credentials, secrets: SecretKeeper): Promise<TimedReply> {
  if (/\s/.test(username)) throw failureError("auth", "not_permitted", "APOP cannot send a user name that contains a space");
  const digest = createHash("md5")
    .update(`${timestampOf(session.greeting?.text ?? null)}${password}`)
    .digest("hex");
  // With the greeting, anyone could try passwords against it.
  secrets.keep(digest);
  return accepted("auth", await session.command("APOP", "auth", `APOP ${username} ${digest}`, { shown: `APOP ${username} [secret]` }));
}

async function authenticate(session: Pop3Session, name: Pop3Method, credentials: Credentials, secrets: SecretKeeper): Promise<TimedReply> {
  const mechanism = MECHANISMS.find((each) => each.name === name) as (typeof MECHANISMS)[number];
  const exchange = beginExchange(mechanism, credentials);
  const reply = await carryExchange(exchange, wireOf(session, name), secrets);
  if (reply.status !== "OK") throw explained(rejected("auth", reply), exchange, secrets);
  const doubt = exchange.doubt();
  if (doubt !== null) throw failureError("auth", "protocol_violation", doubt);
  return reply;
}

function wireOf(session: Pop3Session, name: Pop3Method): SaslWire<TimedReply> {
  const command = `AUTH ${name}`;
  const send = async (line: string, shown: string): Promise<SaslStep<TimedReply>> => {
    const reply = await session.command(command, "auth", line, { shown, mayContinue: true });
    return reply.status === "continue" ? { challenge: reply.text } : { end: reply };
  };
  return {
    // RFC 5034, section 4: an initial response that makes the command too long must wait.
    initialBytes: LIMITS.commandLineBytes - `${command} \r\n`.length,
    lineBytes: LIMITS.authLineBytes,
    begin: (initial, shown) => (initial === null ? send(command, command) : send(`${command} ${initial}`, `${command} ${shown}`)),
    answer: send,
    abandon: () => session.close(),
  };
}
