import { type Reply, reply } from "./reply.js";
import type { Session, Transaction } from "./session-state.js";
import { LIMITS } from "./settings.js";

type Parameters = ReadonlyMap<string, string | null>;

/** What MAIL may carry, and how it looks. */
const MAIL_PARAMETERS: Readonly<Record<string, RegExp>> = {
  SIZE: /^\d{1,20}$/,
  BODY: /^(7BIT|8BITMIME)$/i,
  SMTPUTF8: /^$/,
  AUTH: /^(<>|[\x21-\x7e]+)$/,
};

export function runMail(session: Session, argument: string): Reply {
  if (session.transaction !== null) return reply(503, "5.5.1 there is a transaction already, say RSET to leave it");
  const parsed = parsePath("FROM", argument);
  if (parsed === null) return reply(501, "5.5.4 expected MAIL FROM:<address>");
  const refusal = checkParameters(parsed.parameters, MAIL_PARAMETERS);
  if (refusal !== null) return refusal;
  const transaction: Transaction = { from: parsed.address, utf8: parsed.parameters.has("SMTPUTF8"), recipients: [] };
  if (parsed.address !== "" && !isAddress(parsed.address)) return reply(553, "5.1.7 the sender is no address");
  if (isForeign(parsed.address, transaction)) return reply(553, "5.6.7 the sender needs SMTPUTF8");
  const { size } = session.server;
  if (size > 0 && Number(parsed.parameters.get("SIZE") ?? 0) > size) return reply(552, `5.3.4 at most ${size} bytes are taken`);
  session.transaction = transaction;
  return reply(250, "2.1.0 sender OK");
}

export function runRcpt(session: Session, argument: string): Reply {
  const transaction = session.transaction as Transaction;
  const parsed = parsePath("TO", argument);
  if (parsed === null) return reply(501, "5.5.4 expected RCPT TO:<address>");
  const refusal = checkParameters(parsed.parameters, {});
  if (refusal !== null) return refusal;
  // RFC 5321, 4.5.1: the one name without a domain.
  if (!isAddress(parsed.address) && !/^postmaster$/i.test(parsed.address)) return reply(501, "5.1.3 the recipient is no address");
  if (isForeign(parsed.address, transaction)) return reply(553, "5.6.7 the recipient needs SMTPUTF8");
  if (transaction.recipients.length >= LIMITS.recipients) return reply(452, "4.5.3 too many recipients");
  const wait = session.server.greylist.wait(transaction.from, parsed.address);
  if (wait > 0) return reply(451, `4.7.1 greylisted, come back in ${Math.ceil(wait / 1000)} s`);
  transaction.recipients.push(parsed.address);
  return reply(250, "2.1.5 recipient OK");
}

/** RFC 5321, 4.1.1.2 and 4.1.1.3: no space around the colon, the path in angle brackets, parameters separated by spaces. */
function parsePath(keyword: "FROM" | "TO", argument: string): { address: string; parameters: Parameters } | null {
  const [, written, path, rest] = /^([A-Z]+):<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>((?: +\S+)*)$/is.exec(argument) ?? [];
  if (written?.toUpperCase() !== keyword || path === undefined) return null;
  const parameters = (rest ?? "").split(" ").filter((word) => word !== "");
  // A source route is taken and ignored (RFC 5321, appendix C).
  return { address: decode(path.replace(/^@[^:"]*:/, "")), parameters: new Map(parameters.map(parameter)) };
}

function parameter(written: string): [string, string | null] {
  const equals = written.indexOf("=");
  return equals === -1 ? [written.toUpperCase(), null] : [written.slice(0, equals).toUpperCase(), written.slice(equals + 1)];
}

function checkParameters(parameters: Parameters, known: Readonly<Record<string, RegExp>>): Reply | null {
  for (const [name, value] of parameters) {
    const form = Object.hasOwn(known, name) ? known[name] : undefined;
    if (form === undefined) return reply(555, `5.5.4 the parameter ${name} is not known here`);
    if (!form.test(value ?? "")) return reply(501, `5.5.4 the parameter ${name} does not look like that`);
  }
  return null;
}

function isAddress(written: string): boolean {
  const at = written.lastIndexOf("@");
  return at > 0 && at < written.length - 1 && !/\p{Cc}/u.test(written) && !/\s/.test(written.slice(at));
}

/** Letters beyond ASCII need the client's word that it knows what it does (RFC 6531, 3.4). */
function isForeign(address: string, transaction: Transaction): boolean {
  return !transaction.utf8 && /[^\p{ASCII}]/u.test(address);
}

/** Lines arrive one character a byte. */
function decode(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}
