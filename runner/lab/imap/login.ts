import { timingSafeEqualText } from "../../support/timing-safe-equal.js";
import { AuthRefusal } from "../smtp/auth-refusal.js";
import type { Exchange } from "../smtp/exchange.js";
import { MECHANISMS } from "../smtp/mechanisms.js";
import { reply } from "../smtp/reply.js";
import type { Account } from "../smtp/settings.js";
import type { Arguments } from "./arguments.js";
import { BadCommand, RefusedCommand } from "./bad-command.js";
import { capabilitiesOf, mayLogIn } from "./capabilities.js";
import type { Outcome, Session } from "./session-state.js";
import { LIMITS } from "./settings.js";

export async function runLogin(session: Session, given: Arguments): Promise<Outcome> {
  given.space();
  const username = given.astring("a user name");
  given.space();
  const password = given.astring("a password");
  given.end();
  const account = accountOf(session);
  return settle(session, timingSafeEqualText(bytes(username), account.username) && timingSafeEqualText(bytes(password), account.password));
}

/** RFC 9051, 6.2.2, and 4.3 of RFC 4959 for the initial response. */
export async function runAuthenticate(session: Session, given: Arguments): Promise<Outcome> {
  given.space();
  const mechanism = MECHANISMS.get(given.atom("a mechanism").toUpperCase());
  const initial = given.isAtEnd ? null : given.expect(/ \S+$/, "an initial response").trimStart();
  const account = accountOf(session);
  if (mechanism === undefined) throw new RefusedCommand("[CANNOT] the mechanism is not known here");
  try {
    return await settle(session, await mechanism(new Conversation(session, initial), account));
  } catch (error) {
    if (!(error instanceof AuthRefusal)) throw error;
    // Such refusals are written as SMTP's, with an enhanced code in front.
    return { text: `BAD ${error.reply.lines.join(" ").replace(/^\d\.\d+\.\d+ /, "")}`, close: error.reply.close === true };
  }
}

function accountOf(session: Session): Account {
  if (!mayLogIn(session)) throw new RefusedCommand("[PRIVACYREQUIRED] say STARTTLS first");
  return session.server.auth as Account;
}

async function settle(session: Session, accepted: boolean): Promise<Outcome> {
  if (accepted) {
    session.username = (session.server.auth as Account).username;
    return { text: `OK [CAPABILITY ${capabilitiesOf(session)}] logged in` };
  }
  session.failedLogins += 1;
  const close = session.failedLogins >= LIMITS.failedLogins;
  if (close) await session.tell("BYE too many failed logins, goodbye");
  return { text: "NO [AUTHENTICATIONFAILED] user name or password is wrong", close };
}

class Conversation implements Exchange {
  #initial: string | null;

  constructor(
    readonly session: Session,
    initial: string | null,
  ) {
    this.#initial = initial;
  }

  get hasInitial(): boolean {
    return this.#initial !== null;
  }

  async first(): Promise<Buffer> {
    const initial = this.#initial;
    this.#initial = null;
    if (initial === null) return this.ask("");
    return initial === "=" ? Buffer.alloc(0) : decode(initial);
  }

  async ask(challenge: string): Promise<Buffer> {
    const { peer, server } = this.session;
    await peer.write(`+ ${Buffer.from(challenge).toString("base64")}\r\n`);
    const line = await peer.readLine({ limit: LIMITS.commandLine, timeoutMs: server.idleMs });
    if (line === null) throw new AuthRefusal({ ...reply(421, "no answer to the challenge, goodbye"), close: true });
    if (line.text === "*") throw new AuthRefusal(reply(501, "login called off"));
    return decode(line.text);
  }
}

function decode(written: string): Buffer {
  if (written.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(written)) throw new BadCommand("expected base64");
  return Buffer.from(written, "base64");
}

/** Arguments hold one character a byte; an account's texts are UTF-8. */
function bytes(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
