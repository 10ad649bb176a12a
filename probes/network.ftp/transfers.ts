import { ListCounter } from "../../runner/net/ftp/list-counter.js";
import type { FtpSession } from "../../runner/net/ftp/session.js";
import { transfer } from "../../runner/net/ftp/transfer.js";
import type { ReplyContext } from "../../runner/net/transport/reply-session.js";
import { finding } from "../../runner/run/judge.js";
import type { FtpTransfer } from "../../schemas/ftp.js";
import { type FtpEvidence, noTransfer } from "./evidence.js";
import type { Input } from "./schema.js";

/** An output is no place for a directory of a million files. */
const MAX_LINES_SHOWN = 1000;

/** What the input asks for over data connections. Their records are in the evidence before anything can fail. */
export async function transferData(session: FtpSession, data: ReplyContext, input: Input, evidence: FtpEvidence): Promise<void> {
  if (input.list !== undefined) await listDirectory(session, data, { ...input, list: input.list }, evidence);
  if (input.download !== undefined) await readFile(session, data, { ...input, download: input.download }, evidence);
}

async function listDirectory(session: FtpSession, data: ReplyContext, input: Input & { list: NonNullable<Input["list"]> }, evidence: FtpEvidence) {
  const { path, command, show, max_entries: maxEntries } = input.list;
  const line = path === undefined ? command : `${command} ${path}`;
  const counter = new ListCounter({ command, maxEntries, keptLines: show ? MAX_LINES_SHOWN : 0 });
  const seen = { ...noTransfer(line), entries: 0, lines: counter.lines };
  evidence.list = seen;
  try {
    await transfer(session, data, { ...common(input, evidence), line, take: (text) => counter.push(text) }, seen);
    if (counter.finish()) return;
    seen.is_truncated = true;
    seen.is_complete = false;
  } finally {
    seen.entries = counter.entries;
    judgePassive(seen, session, evidence);
  }
}

async function readFile(session: FtpSession, data: ReplyContext, input: Input & { download: NonNullable<Input["download"]> }, evidence: FtpEvidence) {
  const { path, max_bytes: maxBytes } = input.download;
  const seen = noTransfer(`RETR ${path}`);
  evidence.download = seen;
  // RFC 959, section 5.3.1: without it line ends are translated.
  await session.command("TYPE", "transfer", "TYPE I");
  let bytes = 0;
  const take = (text: string): boolean => {
    bytes += text.length;
    return bytes <= maxBytes;
  };
  try {
    await transfer(session, data, { ...common(input, evidence), line: seen.command, take }, seen);
  } finally {
    judgePassive(seen, session, evidence);
  }
}

function common({ passive, tls: { verify } }: Input, { data_protection }: FtpEvidence) {
  return { passive, verify, isPrivate: data_protection === "private" } as const;
}

/** A server behind NAT that names its inner address: clients that believe it cannot connect. */
function judgePassive({ passive }: FtpTransfer, { connection }: FtpSession, { findings }: FtpEvidence): void {
  if (passive === null || !passive.is_other_host || findings.some(({ reason }) => reason === "passive_address_differs")) return;
  const message = `the reply to PASV names ${passive.ip_address}, and the control connection is to ${connection.remoteAddress}: the data connection went there`;
  findings.push(finding("warning", "passive_address_differs", message, connection.remoteAddress, passive.ip_address));
}
