import type { Arguments } from "./arguments.js";
import { BadCommand, RefusedCommand } from "./bad-command.js";
import { capabilitiesOf } from "./capabilities.js";
import { runFetch } from "./fetch.js";
import { runIdle } from "./idle.js";
import { runAuthenticate, runLogin } from "./login.js";
import { runAppend, runClose, runCopy, runExpunge, runStore, runUnselect } from "./mailbox-changes.js";
import { runList, runSelect, runStatus } from "./mailboxes.js";
import { runSearch } from "./search.js";
import type { Outcome, Session } from "./session-state.js";

export interface Command {
  /** In which state it may come (RFC 9051, section 3). */
  readonly when: "any" | "before login" | "logged in" | "selected";
  readonly run: (session: Session, given: Arguments) => Promise<Outcome>;
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["CAPABILITY", { when: "any", run: runCapability }],
  ["NOOP", { when: "any", run: alone("OK NOOP done") }],
  ["LOGOUT", { when: "any", run: runLogout }],
  ["ID", { when: "any", run: runId }],
  ["STARTTLS", { when: "before login", run: runStartTls }],
  ["LOGIN", { when: "before login", run: runLogin }],
  ["AUTHENTICATE", { when: "before login", run: runAuthenticate }],
  ["NAMESPACE", { when: "logged in", run: runNamespace }],
  ["LIST", { when: "logged in", run: (session, given) => runList(session, given, "LIST") }],
  ["LSUB", { when: "logged in", run: (session, given) => runList(session, given, "LSUB") }],
  ["STATUS", { when: "logged in", run: runStatus }],
  ["SELECT", { when: "logged in", run: (session, given) => runSelect(session, given, false) }],
  ["EXAMINE", { when: "logged in", run: (session, given) => runSelect(session, given, true) }],
  ["APPEND", { when: "logged in", run: runAppend }],
  ["IDLE", { when: "logged in", run: needing("IDLE", runIdle) }],
  ...["CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE"].map((name) => [name, { when: "logged in", run: runFixed }] as const),
  ["CHECK", { when: "selected", run: alone("OK CHECK done") }],
  ["CLOSE", { when: "selected", run: runClose }],
  ["UNSELECT", { when: "selected", run: needing("UNSELECT", runUnselect) }],
  ["EXPUNGE", { when: "selected", run: (session, given) => runExpunge(session, given, false) }],
  ["UID EXPUNGE", { when: "selected", run: needing("UIDPLUS", (session, given) => runExpunge(session, given, true)) }],
  ["SEARCH", { when: "selected", run: (session, given) => runSearch(session, given, false) }],
  ["UID SEARCH", { when: "selected", run: (session, given) => runSearch(session, given, true) }],
  ["FETCH", { when: "selected", run: (session, given) => runFetch(session, given, false) }],
  ["UID FETCH", { when: "selected", run: (session, given) => runFetch(session, given, true) }],
  ["STORE", { when: "selected", run: (session, given) => runStore(session, given, false) }],
  ["UID STORE", { when: "selected", run: (session, given) => runStore(session, given, true) }],
  ["COPY", { when: "selected", run: (session, given) => runCopy(session, given, false) }],
  ["UID COPY", { when: "selected", run: (session, given) => runCopy(session, given, true) }],
]);

function alone(text: string): Command["run"] {
  return async (_session, given) => {
    given.end();
    return { text };
  };
}

/** A command that a server without this capability does not know. */
function needing(capability: string, run: Command["run"]): Command["run"] {
  return async (session, given) => {
    if (!session.server.capabilities.includes(capability)) throw new BadCommand("the command is not known here");
    return run(session, given);
  };
}

async function runCapability(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  await session.tell(`CAPABILITY ${capabilitiesOf(session)}`);
  return { text: "OK CAPABILITY done" };
}

async function runLogout(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  await session.tell(`BYE ${session.server.name} goodbye`);
  return { text: "OK LOGOUT done", close: true };
}

async function runId(session: Session): Promise<Outcome> {
  await session.tell('ID ("name" "probe-run lab")');
  return { text: "OK ID done" };
}

async function runNamespace(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  await session.tell('NAMESPACE (("" "/")) NIL NIL');
  return { text: "OK NAMESPACE done" };
}

async function runStartTls(session: Session, given: Arguments): Promise<Outcome> {
  given.end();
  if (session.server.tls === "none") throw new BadCommand("there is no TLS here");
  if (session.secure) throw new BadCommand("TLS is on already");
  return { text: "OK begin TLS", startTls: true };
}

async function runFixed(): Promise<Outcome> {
  throw new RefusedCommand("[CANNOT] the folders here stay as they are");
}
