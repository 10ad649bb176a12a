import type { Certificate } from "../../net/transport/listen.js";
import type { Peer } from "../client-connection.js";
import { Arguments } from "./arguments.js";
import { BadCommand, RefusedCommand } from "./bad-command.js";
import { capabilitiesOf } from "./capabilities.js";
import { COMMANDS, type Command } from "./commands.js";
import { readCommand, UnreadableCommand } from "./read-command.js";
import type { Outcome, Session } from "./session-state.js";
import { type ImapBehaviour, type ImapState, LIMITS } from "./settings.js";

export async function serveImapSession(peer: Peer, server: ImapState): Promise<void> {
  const session = newSession(peer, server);
  if (server.tls === "implicit") startTls(session);
  const state = server.auth === null ? "PREAUTH" : "OK";
  await session.tell(`${state} [CAPABILITY ${capabilitiesOf(session)}] ${server.name} probe-run lab ready`);
  for (let mistakes = 0; mistakes < LIMITS.mistakes; ) {
    const outcome = await answerNext(session);
    if (outcome === null || outcome.close || peer.gone) return peer.close();
    if (outcome.startTls) startTls(session);
    mistakes += outcome.text.startsWith("BAD") ? 1 : 0;
  }
  await session.tell("BYE too many mistakes, goodbye");
  peer.close();
}

function newSession(peer: Peer, server: ImapState): Session {
  return {
    peer,
    server,
    secure: false,
    username: server.auth === null ? "" : null,
    view: null,
    failedLogins: 0,
    async tell(...lines) {
      if (lines.length > 0) await peer.write(Buffer.from(lines.map((line) => `* ${line}\r\n`).join(""), "latin1"));
    },
  };
}

/** RFC 9051, 6.2.1: what was sent ahead in plain text is discarded, since anyone may have written it. */
function startTls(session: Session): void {
  if (session.server.tls === "starttls") session.peer.discardUnread();
  session.peer.startTls(session.server.certificate as Certificate);
  session.secure = true;
}

/** Null when the client is gone. */
async function answerNext(session: Session): Promise<Outcome | null> {
  const { peer, server, username } = session;
  try {
    const literal = username === null ? LIMITS.literalBeforeLogin : LIMITS.literal;
    const read = await readCommand(peer, { line: LIMITS.commandLine, literal, timeoutMs: server.idleMs });
    if (read === null) {
      if (!peer.gone) await session.tell(`BYE nothing heard for ${server.idleMs / 1000} s, goodbye`);
      return null;
    }
    return await answer(session, read.tag, read.text);
  } catch (error) {
    if (error instanceof UnreadableCommand) return tagged(session, error.tag, { text: `BAD ${error.message}` });
    throw error;
  }
}

async function answer(session: Session, tag: string, text: string): Promise<Outcome> {
  const given = new Arguments(text);
  const first = given.take(/[A-Za-z]+/)?.toUpperCase() ?? "";
  const name =
    first === "UID"
      ? `UID ${
          given
            .take(/ [A-Za-z]+/)
            ?.trim()
            .toUpperCase() ?? ""
        }`
      : first;
  const behaviour = behaviourFor(session, name, given.rest.trimStart());
  if (behaviour.closeAfterMs !== undefined) void closeLater(session.peer, behaviour.closeAfterMs);
  const delayMs = session.server.latencyMs + (behaviour.delayMs ?? 0);
  if (delayMs > 0) await session.peer.pause(delayMs);
  const outcome = behaviour.answer === undefined ? await run(session, name, given) : { text: behaviour.answer };
  // RFC 9051, 7.5.1: numbers may not change under a command that speaks of messages by number.
  if (session.view !== null && !/^(FETCH|STORE|SEARCH)$/.test(name)) await session.tell(...session.view.news());
  return tagged(session, tag, outcome);
}

function behaviourFor({ server }: Session, name: string, argument: string): ImapBehaviour {
  const before = server.counts.get(name) ?? 0;
  // Unknown commands are not counted by name: a client could invent names without end.
  if (COMMANDS.has(name)) server.counts.set(name, before + 1);
  return server.behave?.({ name, argument, before }) ?? {};
}

async function closeLater(peer: Peer, milliseconds: number): Promise<void> {
  await peer.pause(milliseconds);
  peer.reset();
}

async function run(session: Session, name: string, given: Arguments): Promise<Outcome> {
  try {
    const command = COMMANDS.get(name);
    if (command === undefined) throw new BadCommand("the command is not known here");
    checkState(session, command);
    return await command.run(session, given);
  } catch (error) {
    if (error instanceof BadCommand) return { text: `BAD ${error.message}` };
    if (error instanceof RefusedCommand) return { text: `NO ${error.message}` };
    throw error;
  }
}

function checkState(session: Session, { when }: Command): void {
  if (when === "any") return;
  if (when === "before login" && session.username !== null) throw new BadCommand("already logged in");
  if (when !== "before login" && session.username === null) throw new BadCommand("log in first");
  if (when === "selected" && session.view === null) throw new BadCommand("SELECT or EXAMINE a folder first");
}

async function tagged({ peer }: Session, tag: string, outcome: Outcome): Promise<Outcome> {
  await peer.write(Buffer.from(`${tag} ${outcome.text}\r\n`, "latin1"));
  return outcome;
}
