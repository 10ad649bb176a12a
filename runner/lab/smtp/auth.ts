import { AuthRefusal } from "./auth-refusal.js";
import type { Exchange } from "./exchange.js";
import { MECHANISMS } from "./mechanisms.js";
import { type Reply, reply } from "./reply.js";
import type { Session } from "./session-state.js";
import { type Account, LIMITS } from "./settings.js";

/** AUTH is offered under TLS only, if the server supports TLS (RFC 4954, section 4). */
export function offersAuth({ server, secure }: Session): boolean {
  return server.auth !== null && (secure || server.tls === "none");
}

/** RFC 4954. */
export async function runAuth(session: Session, argument: string): Promise<Reply | null> {
  const { server } = session;
  if (server.auth === null) return reply(502, "5.5.1 there is no login here");
  if (!offersAuth(session)) return reply(530, "5.7.0 say STARTTLS first");
  if (session.username !== null) return reply(503, "5.5.1 already logged in");
  if (session.transaction !== null) return reply(503, "5.5.1 not within a transaction");
  const [, name, initial] = /^(\S+)(?: (\S+))?$/.exec(argument) ?? [];
  if (name === undefined) return reply(501, "5.5.4 expected AUTH mechanism [initial-response]");
  const mechanism = MECHANISMS.get(name.toUpperCase());
  if (mechanism === undefined) return reply(504, "5.5.4 the mechanism is not known here");
  try {
    const exchange = new Conversation(session, initial === undefined ? null : decodeInitial(initial));
    return settle(session, server.auth, await mechanism(exchange, server.auth));
  } catch (error) {
    if (error instanceof AuthRefusal) return error.reply;
    throw error;
  }
}

function settle(session: Session, account: Account, accepted: boolean): Reply {
  if (accepted) {
    session.username = account.username;
    return reply(235, "2.7.0 logged in");
  }
  session.failedLogins += 1;
  if (session.failedLogins >= LIMITS.failedLogins) return { ...reply(421, "4.7.0 too many failed logins, goodbye"), close: true };
  return reply(535, "5.7.8 user name or password is wrong");
}

class Conversation implements Exchange {
  #initial: Buffer | null;

  constructor(
    readonly session: Session,
    initial: Buffer | null,
  ) {
    this.#initial = initial;
  }

  get hasInitial(): boolean {
    return this.#initial !== null;
  }

  async first(): Promise<Buffer> {
    const initial = this.#initial;
    this.#initial = null;
    return initial ?? this.ask("");
  }

  async ask(challenge: string): Promise<Buffer> {
    const { peer, server } = this.session;
    await this.session.say(reply(334, Buffer.from(challenge).toString("base64")));
    const line = await peer.readLine({ limit: LIMITS.authLine, timeoutMs: server.idleMs });
    if (line === null) throw new AuthRefusal({ ...reply(421, "4.4.2 no answer to the challenge, goodbye"), close: true });
    if (line.cut || line.ending === "lf") throw new AuthRefusal(reply(500, "5.5.2 line too long, or ended in a bare LF"));
    if (line.text === "*") throw new AuthRefusal(reply(501, "5.7.0 login called off"));
    return decode(line.text);
  }
}

/** RFC 4954, 4: an empty initial response is written as an equals sign. */
function decodeInitial(written: string): Buffer {
  return written === "=" ? Buffer.alloc(0) : decode(written);
}

function decode(written: string): Buffer {
  if (written.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(written)) throw new AuthRefusal(reply(501, "5.5.2 expected base64"));
  return Buffer.from(written, "base64");
}
