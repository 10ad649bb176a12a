import { offersAuth, runAuth } from "./auth.js";
import { runData } from "./data.js";
import { runMail, runRcpt } from "./envelope.js";
import { MECHANISMS } from "./mechanisms.js";
import { type Reply, reply } from "./reply.js";
import type { Session } from "./session-state.js";

interface Command {
  /** The reply when the command may not come now (RFC 5321, 4.1.4). */
  refuses?: (session: Session) => Reply | null;
  run: (session: Session, argument: string) => Reply | Promise<Reply | null>;
}

const needsHelo = (session: Session): Reply | null => (session.helo === null ? reply(503, "5.5.1 say EHLO first") : null);

const needsRecipients = (session: Session): Reply | null => {
  if (session.transaction === null) return reply(503, "5.5.1 MAIL first");
  return session.transaction.recipients.length === 0 ? reply(554, "5.5.1 no valid recipients") : null;
};

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["EHLO", { run: runEhlo }],
  ["HELO", { run: runHelo }],
  ["STARTTLS", { run: runStartTls }],
  ["AUTH", { refuses: needsHelo, run: runAuth }],
  ["MAIL", { refuses: (session) => needsHelo(session) ?? mayNotSend(session), run: runMail }],
  ["RCPT", { refuses: (session) => (session.transaction === null ? reply(503, "5.5.1 MAIL first") : null), run: runRcpt }],
  ["DATA", { refuses: needsRecipients, run: runData }],
  ["RSET", { run: runRset }],
  ["NOOP", { run: () => reply(250, "2.0.0 OK") }],
  ["VRFY", { run: (_, argument) => (argument === "" ? reply(501, "5.5.4 VRFY whom?") : reply(252, "2.5.2 send some mail, it will be taken")) }],
  ["HELP", { run: () => reply(214, "2.0.0 commands of this server:", `2.0.0 ${[...COMMANDS.keys()].join(" ")}`) }],
  ["QUIT", { run: ({ server }) => ({ ...reply(221, `2.0.0 ${server.name} goodbye`), close: true }) }],
]);

function runEhlo(session: Session, argument: string): Reply {
  const refusal = takeName(session, argument);
  if (refusal !== null) return refusal;
  const { server } = session;
  return reply(
    250,
    `${server.name} greets ${argument}`,
    ...server.features,
    `SIZE ${server.size}`,
    ...(server.tls === "starttls" && !session.secure ? ["STARTTLS"] : []),
    ...(offersAuth(session) ? [`AUTH ${[...MECHANISMS.keys()].join(" ")}`] : []),
    "HELP",
  );
}

function runHelo(session: Session, argument: string): Reply {
  return takeName(session, argument) ?? reply(250, session.server.name);
}

/** EHLO and HELO also end whatever transaction there was (RFC 5321, 4.1.1.1). */
function takeName(session: Session, name: string): Reply | null {
  if (!/^\S+$/.test(name)) return reply(501, "5.5.4 expected one host name or address literal");
  session.helo = name;
  session.transaction = null;
  return null;
}

function runStartTls(session: Session, argument: string): Reply {
  if (session.server.tls === "none") return reply(502, "5.5.1 there is no TLS here");
  if (session.secure) return reply(503, "5.5.1 TLS is on already");
  if (argument !== "") return reply(501, "5.5.4 STARTTLS takes no parameter");
  return { ...reply(220, "2.0.0 begin TLS"), startTls: true };
}

function runRset(session: Session, argument: string): Reply {
  if (argument !== "") return reply(501, "5.5.4 RSET takes no parameter");
  session.transaction = null;
  return reply(250, "2.0.0 OK");
}

function mayNotSend({ server, secure, username }: Session): Reply | null {
  if (server.auth === null || username !== null) return null;
  return server.tls === "starttls" && !secure ? reply(530, "5.7.0 say STARTTLS first") : reply(530, "5.7.0 log in first");
}
