import { createHash, randomBytes } from "node:crypto";
import type { Certificate } from "../../net/transport/listen.js";
import { timingSafeEqualText } from "../../support/timing-safe-equal.js";
import type { Peer } from "../client-connection.js";
import { AuthRefusal } from "../smtp/auth-refusal.js";
import type { Exchange } from "../smtp/exchange.js";
import { MECHANISMS } from "../smtp/mechanisms.js";
import { reply } from "../smtp/reply.js";
import type { Account } from "../smtp/settings.js";
import type { MailStore } from "../store/mail-store.js";

export interface Pop3Settings {
  /** Stands in the greeting. */
  name: string;
  tls: "none" | "starttls" | "implicit";
  auth: Account;
  /** For APOP (RFC 1939, section 7). */
  greetsWithTimestamp: boolean;
  /** Every answer comes this much later. */
  latencyMs: number;
  idleMs: number;
  /** For TLS; one is made when there is none. */
  certificate: Certificate | null;
  /** What lies in it is counted. */
  store: MailStore;
}

/** RFC 2449, section 4, and RFC 5034, section 4 for the lines of AUTH. */
const LINE_BYTES = 12_288;
const MISTAKES = 10;

interface Session {
  readonly peer: Peer;
  readonly server: Pop3Settings;
  readonly timestamp: string | null;
  secure: boolean;
  /** What USER gave; null before it. */
  user: string | null;
  loggedIn: boolean;
}

/** Lines without their ends, and what follows them. */
interface Answer {
  readonly lines: readonly string[];
  readonly close?: boolean;
  readonly startTls?: boolean;
}

type Command = (session: Session, argument: string) => Answer | Promise<Answer>;

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["CAPA", (session) => ({ lines: ["+OK capabilities follow", ...capabilitiesOf(session), "."] })],
  ["STLS", stls],
  ["USER", user],
  ["PASS", (session, password) => settle(session, session.user !== null && mayLogIn(session) && isAccount(session, session.user, password))],
  ["APOP", apop],
  ["AUTH", auth],
  ["STAT", (session) => whenLoggedIn(session, `+OK ${session.server.store.inbox.messages.length} ${bytesIn(session.server.store)}`)],
  ["NOOP", (session) => whenLoggedIn(session, "+OK")],
  ["RSET", (session) => whenLoggedIn(session, "+OK")],
  ["QUIT", ({ server }) => ({ lines: [`+OK ${server.name} goodbye`], close: true })],
]);

export async function servePop3Session(peer: Peer, server: Pop3Settings): Promise<void> {
  const timestamp = server.greetsWithTimestamp ? `<${randomBytes(8).toString("hex")}.${Date.now()}@${server.name}>` : null;
  const session: Session = { peer, server, timestamp, secure: false, user: null, loggedIn: false };
  if (server.tls === "implicit") startTls(session);
  await say(session, [`+OK ${server.name} probe-run lab ready${timestamp === null ? "" : ` ${timestamp}`}`]);
  for (let mistakes = 0; mistakes < MISTAKES; ) {
    const line = await peer.readLine({ limit: LINE_BYTES, timeoutMs: server.idleMs });
    if (line === null) return peer.close();
    const answer = await answerTo(session, line.text);
    await say(session, answer.lines);
    if (answer.close === true || peer.gone) return peer.close();
    if (answer.startTls === true) startTls(session);
    mistakes += answer.lines[0]?.startsWith("-ERR") ? 1 : 0;
  }
  peer.close();
}

async function answerTo(session: Session, line: string): Promise<Answer> {
  const [, verb = "", argument = ""] = /^([^ ]*) ?(.*)$/s.exec(line) ?? [];
  const command = COMMANDS.get(verb.toUpperCase());
  if (session.server.latencyMs > 0) await session.peer.pause(session.server.latencyMs);
  return command === undefined ? refused("the command is not known here") : command(session, argument);
}

function capabilitiesOf(session: Session): string[] {
  const offered = mayLogIn(session) ? ["USER", `SASL ${[...MECHANISMS.keys()].join(" ")}`] : [];
  const upgrade = session.server.tls === "starttls" && !session.secure ? ["STLS"] : [];
  return [...offered, ...upgrade, "RESP-CODES", "AUTH-RESP-CODE", "IMPLEMENTATION probe-run-lab"];
}

/** No password in plain text if the server supports TLS. */
function mayLogIn({ server, secure, loggedIn }: Session): boolean {
  return !loggedIn && (server.tls === "none" || secure);
}

function stls(session: Session): Answer {
  if (session.server.tls !== "starttls" || session.secure) return refused("no TLS here, or there is already");
  return { lines: ["+OK begin TLS"], startTls: true };
}

/** RFC 2595, section 4: what was sent ahead in plain text is discarded, since anyone may have written it. */
function startTls(session: Session): void {
  if (session.server.tls === "starttls") session.peer.discardUnread();
  session.peer.startTls(session.server.certificate as Certificate);
  session.secure = true;
  session.user = null;
}

function user(session: Session, name: string): Answer {
  if (!mayLogIn(session)) return refused("say STLS first");
  session.user = name;
  return { lines: ["+OK"] };
}

/** The digest hides the password, with TLS or without. */
function apop(session: Session, argument: string): Answer {
  const { timestamp, server } = session;
  if (timestamp === null) return refused("no timestamp was given");
  const [name = "", digest = ""] = argument.split(" ");
  const expected = createHash("md5").update(`${timestamp}${server.auth.password}`).digest("hex");
  return settle(session, !session.loggedIn && timingSafeEqualText(name, server.auth.username) && timingSafeEqualText(digest, expected));
}

async function auth(session: Session, argument: string): Promise<Answer> {
  const [name = "", initial = null] = argument.split(" ");
  const mechanism = MECHANISMS.get(name.toUpperCase());
  if (mechanism === undefined || !mayLogIn(session)) return refused("the mechanism is not known here, or not in the clear");
  try {
    return settle(session, await mechanism(conversation(session, initial), session.server.auth));
  } catch (error) {
    if (!(error instanceof AuthRefusal)) throw error;
    return refused(error.reply.lines.join(" "));
  }
}

/** RFC 5034, section 4. */
function conversation(session: Session, initial: string | null): Exchange {
  const ask = async (challenge: string): Promise<Buffer> => {
    await say(session, [`+ ${Buffer.from(challenge).toString("base64")}`]);
    const line = await session.peer.readLine({ limit: LINE_BYTES, timeoutMs: session.server.idleMs });
    if (line === null || line.text === "*") throw new AuthRefusal(reply(501, "the login was left"));
    return Buffer.from(line.text, "base64");
  };
  return { hasInitial: initial !== null, ask, first: () => (initial === null ? ask("") : Promise.resolve(Buffer.from(initial, "base64"))) };
}

function isAccount({ server }: Session, username: string, password: string): boolean {
  const text = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");
  return timingSafeEqualText(text(username), server.auth.username) && timingSafeEqualText(text(password), server.auth.password);
}

function settle(session: Session, accepted: boolean): Answer {
  session.user = null;
  session.loggedIn ||= accepted;
  return accepted ? { lines: ["+OK logged in"] } : { lines: ["-ERR [AUTH] user name or password is wrong"] };
}

function whenLoggedIn({ loggedIn }: Session, line: string): Answer {
  return loggedIn ? { lines: [line] } : refused("log in first");
}

function bytesIn({ inbox }: MailStore): number {
  return inbox.messages.reduce((sum, { raw }) => sum + raw.length, 0);
}

function refused(words: string): Answer {
  return { lines: [`-ERR ${words}`] };
}

async function say({ peer }: Session, lines: readonly string[]): Promise<void> {
  await peer.write(lines.map((line) => `${line}\r\n`).join(""));
}
