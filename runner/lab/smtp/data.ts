import { type Reply, reply } from "./reply.js";
import type { Session, Transaction } from "./session-state.js";
import { LIMITS } from "./settings.js";

/** Takes a message; null when the client goes before its end, or is to be left without an answer. */
export async function runData(session: Session, argument: string): Promise<Reply | null> {
  if (argument !== "") return reply(501, "5.5.4 DATA takes no parameter");
  await session.say(reply(354, "send the message, end it with a line that is a dot"));
  const message = await receive(session);
  if (message === null) return null;
  const { from, recipients } = session.transaction as Transaction;
  session.transaction = null;
  if (message.problem !== null) return message.problem;
  const { peer, server, secure: tls, username } = session;
  const taken = { from, recipients, raw: message.raw, helo: session.helo ?? "", remoteAddress: peer.accepted.remoteAddress ?? "", tls, username };
  server.mailbox.add(taken);
  const answer = server.onMessage?.(taken) ?? reply(250, `2.0.0 taken, ${message.raw.length} bytes`);
  return answer === "close" ? null : answer;
}

interface Received {
  raw: Buffer;
  problem: Reply | null;
}

async function receive({ peer, server }: Session): Promise<Received | null> {
  const lines: string[] = [];
  let bytes = 0;
  let problem: Reply | null = null;
  let endedByCrLf = true;
  for (;;) {
    const line = await peer.readLine({ timeoutMs: server.idleMs });
    if (line === null) return null;
    const isWholeLine = line.ending === "crlf" && endedByCrLf;
    // Only CR LF dot CR LF ends a message (RFC 5321, 4.1.1.4): accepting less allows SMTP smuggling.
    if (line.text === "." && isWholeLine && !line.cut) return { raw: Buffer.from(lines.join(""), "latin1"), problem };
    const text = endedByCrLf && line.text.startsWith(".") ? line.text.slice(1) : line.text;
    if (line.ending === "lf" || line.text.includes("\r")) problem ??= reply(554, "5.6.0 a line ends in CR LF, the message holds a bare CR or LF");
    if (line.cut || text.length > LIMITS.textLine) problem ??= reply(554, `5.6.0 a line of the message is longer than ${LIMITS.textLine} bytes`);
    bytes += text.length + 2;
    if (server.size > 0 && bytes > server.size) problem ??= reply(552, `5.3.4 at most ${server.size} bytes are taken`);
    // What will be refused need not be kept.
    if (problem === null) lines.push(text, "\r\n");
    else lines.length = 0;
    endedByCrLf = line.ending === "crlf";
  }
}
