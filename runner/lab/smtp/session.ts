import type { Certificate } from "../../net/transport/listen.js";
import type { Peer } from "../client-connection.js";
import { COMMANDS } from "./commands.js";
import { type Reply, reply, wireReply } from "./reply.js";
import type { Session } from "./session-state.js";
import { LIMITS, type SharedState } from "./settings.js";

export async function serveSession(peer: Peer, server: SharedState): Promise<void> {
  const session = newSession(peer, server);
  if (server.tls === "implicit") startTls(session);
  await session.say(reply(220, `${server.name} ESMTP probe-run lab`));
  for (let mistakes = 0; ; ) {
    const answer = await nextAnswer(session);
    if (answer === null) return peer.close();
    await session.say(answer);
    if (answer.close || peer.gone) return peer.close();
    if (answer.startTls) startTls(session);
    mistakes += answer.code >= 500 && answer.code <= 504 ? 1 : 0;
    if (mistakes < LIMITS.mistakes) continue;
    await session.say(reply(421, "4.7.0 too many mistakes, goodbye"));
    return peer.close();
  }
}

function newSession(peer: Peer, server: SharedState): Session {
  return {
    peer,
    server,
    secure: false,
    helo: null,
    username: null,
    transaction: null,
    failedLogins: 0,
    async say(answer) {
      if (server.latencyMs > 0) await peer.pause(server.latencyMs);
      await peer.write(wireReply(answer));
    },
  };
}

/** RFC 3207, 4.2: what was sent in plain text is discarded, including what a client (or an attacker in the middle) sent ahead. */
function startTls(session: Session): void {
  if (session.server.tls === "starttls") session.peer.discardUnread();
  session.peer.startTls(session.server.certificate as Certificate);
  Object.assign(session, { secure: true, helo: null, username: null, transaction: null });
}

/** The answer to the next line; null when the client is gone. */
async function nextAnswer(session: Session): Promise<Reply | null> {
  const { peer, server } = session;
  const line = await peer.readLine({ limit: LIMITS.authLine, timeoutMs: server.idleMs });
  if (line === null) return peer.gone ? null : { ...reply(421, `4.4.2 ${server.name} nothing heard for ${server.idleMs / 1000} s, goodbye`), close: true };
  if (line.ending === "lf") return reply(500, "5.5.2 a line ends in CR LF, this one ended in a bare LF");
  const [, verb = "", argument = ""] = /^(\S*) ?(.*)$/s.exec(line.text) ?? [];
  const name = verb.toUpperCase();
  if (line.cut || line.text.length > (name === "AUTH" ? LIMITS.authLine : LIMITS.commandLine)) return reply(500, "5.5.2 line too long");
  const command = COMMANDS.get(name);
  if (command === undefined) return reply(500, "5.5.1 command not recognised");
  return command.refuses?.(session) ?? (await command.run(session, argument.trimEnd()));
}
