import type { FtpTransfer } from "../../../schemas/ftp.js";
import type { TlsInput } from "../../../schemas/tls.js";
import { monotonic, round } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { Connection } from "../transport/connection.js";
import type { ReplyContext } from "../transport/reply-session.js";
import { requireTrusted } from "../transport/tls.js";
import { isResumed, sessionOf } from "../transport/tls-session.js";
import { DataReader } from "./data-reader.js";
import { readExtendedPassive, readPassive } from "./passive.js";
import { isPositive, type Reply, rejected, replyLine } from "./reply.js";
import { accepted, type FtpSession } from "./session.js";

export interface TransferOptions {
  /** The whole command, as `LIST /pub`. */
  readonly line: string;
  readonly passive: "auto" | "epsv" | "pasv";
  /** PROT P was accepted: the data connection has TLS. */
  readonly isPrivate: boolean;
  readonly verify: TlsInput["verify"];
  /** Takes what arrives (latin1); false if it is enough. */
  readonly take: (text: string) => boolean;
}

/** One transfer: passive mode, the data connection, the command, TLS on the data connection, the data, the server's last word on it. */
export async function transfer(session: FtpSession, data: ReplyContext, options: TransferOptions, seen: FtpTransfer): Promise<void> {
  seen.passive = await enterPassive(session, options.passive);
  const connection = await connectData(session, data, seen.passive.port);
  try {
    const beganAt = monotonic();
    const begun = await session.beginTransfer(options.line);
    // Without 1yz there is no second reply.
    const isAnnounced = begun.code < 200;
    if (!isAnnounced) session.resume();
    if (begun.code >= 300) throw rejected("transfer", begun);
    await receive(session, data, connection, options, seen, beganAt).catch((error: unknown) => explain(session, isAnnounced, error));
    const last = isAnnounced ? await session.completion() : begun;
    if (!seen.is_truncated) accepted("transfer", last);
    seen.is_complete = !seen.is_truncated;
  } finally {
    connection.close();
  }
}

async function receive(session: FtpSession, data: ReplyContext, connection: Connection, options: TransferOptions, seen: FtpTransfer, beganAt: number) {
  if (options.isPrivate) await secureData(session, data, connection, options.verify, seen);
  const reader = new DataReader(connection, session.options.command_timeout_ms, options.take, beganAt);
  try {
    await reader.finished();
    seen.transfer_ms = round(reader.lastAt - beganAt);
  } finally {
    seen.bytes = reader.bytes;
    seen.is_truncated = reader.isTruncated;
    seen.first_byte_ms = reader.firstByteAt === null ? null : round(reader.firstByteAt - beganAt);
  }
}

/** A server that breaks the data connection off says why on the control connection, as 425 or 522. */
async function explain(session: FtpSession, isAnnounced: boolean, error: unknown): Promise<never> {
  const broke = inTransfer(error);
  if (!(broke instanceof FailureError) || !isAnnounced) throw broke;
  if (broke.failure.code === "timeout" || broke.failure.code === "cancelled") {
    session.resume();
    throw broke;
  }
  const last = await session.completion().catch(() => null);
  throw last === null || isPositive(last) ? broke : rejected("transfer", last);
}

async function enterPassive(session: FtpSession, mode: TransferOptions["passive"]): Promise<NonNullable<FtpTransfer["passive"]>> {
  const { remoteAddress } = session.connection;
  if (mode !== "pasv") {
    const reply = await session.command("EPSV", "transfer", "EPSV");
    // PASV has room for an IPv4 address only.
    if (reply.code < 500 || mode === "epsv" || remoteAddress.includes(":")) {
      const { port } = endpointIn("EPSV", readExtendedPassive, reply);
      return { command: "EPSV", ip_address: null, port, is_other_host: false };
    }
  }
  const { address, port } = endpointIn("PASV", readPassive, await session.command("PASV", "transfer", "PASV"));
  return { command: "PASV", ip_address: address, port, is_other_host: address !== remoteAddress };
}

function endpointIn(verb: string, read: typeof readPassive, reply: Reply): NonNullable<ReturnType<typeof readPassive>> {
  if (!isPositive(reply)) throw rejected("transfer", reply);
  const endpoint = read(reply);
  if (endpoint === null) throw failureError("transfer", "protocol_violation", `the reply to ${verb} names no port: ${replyLine(reply)}`);
  return endpoint;
}

/** To the host of the control connection, whatever address a reply names: it may be that of any other host. */
async function connectData({ connection, options }: FtpSession, { tcp }: ReplyContext, port: number): Promise<Connection> {
  const target = { ...options, host: connection.remoteAddress, port, name: options.host };
  return tcp.connect(target).catch((error: unknown) => {
    throw inTransfer(error);
  });
}

async function secureData(session: FtpSession, { tls }: ReplyContext, connection: Connection, verify: TlsInput["verify"], seen: FtpTransfer): Promise<void> {
  const { secureOptions, connection: control } = session;
  if (secureOptions === null || control.tls === null) return;
  if (connection.unreadBytes > 0) throw failureError("transfer", "protocol_violation", "the server sent data in plain text after it had accepted PROT P");
  const resumed = sessionOf(control);
  const facts = await tls.secure(connection, { ...secureOptions, ...(resumed === undefined ? {} : { session: resumed }) }, session.options.command_timeout_ms);
  const isContinued = isResumed(connection);
  // A resumed session is the control connection's: no certificate is sent again.
  const isSame = isContinued || facts.certificate?.fingerprint_sha256 === control.tls.certificate?.fingerprint_sha256;
  seen.tls = { version: facts.version, cipher: facts.cipher, is_resumed: isContinued, is_same_certificate: isSame };
  if (verify === "require" && !isSame) requireTrusted(facts, secureOptions.host);
}

/** What fails on the data connection is a failure of the transfer: the phases connect and tls are those of the control connection. */
function inTransfer(error: unknown): unknown {
  if (!(error instanceof FailureError) || error.failure.phase === "transfer") return error;
  return new FailureError({ ...error.failure, phase: "transfer", message: `data connection: ${error.failure.message}` }, error.reply);
}
