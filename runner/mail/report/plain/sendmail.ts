import type { ReportedRecipientText } from "../recipient.js";
import type { PlainReader, PlainReport } from "./reader.js";

/** Sendmail: the addresses with a reason each, then the SMTP dialogue. */
export const sendmail: PlainReader = {
  format: "sendmail",
  mark: /^ *-{3,} (?:The following addresses had (?:permanent fatal|transient non-fatal|delivery) |Transcript of session follows)/im,
  original: /^ *---.*(?:Original message follows|Message header follows|Unsent message follows)/i,
  delay: /THIS IS A WARNING MESSAGE ONLY|had transient non-fatal errors/i,
  read: (report) => {
    const { addresses, transcript } = take(report);
    return addresses.map(({ address, reason }) => ({ address, action: null, ...saidOf(address, reason, transcript) }));
  },
};

interface Section {
  readonly addresses: { address: string; reason: string | null }[];
  readonly transcript: readonly string[];
}

function take({ lines }: PlainReport): Section {
  const addresses: Section["addresses"] = [];
  const transcript: string[] = [];
  let inTranscript = false;
  for (const line of lines) {
    if (/^ *-{3,} /.test(line)) inTranscript = /Transcript of session/i.test(line);
    else if (inTranscript) transcript.push(line);
    else readAddress(line, addresses);
  }
  if (addresses.length === 0) for (const line of transcript) readRefused(line, addresses);
  return { addresses, transcript };
}

function readAddress(line: string, addresses: Section["addresses"]): void {
  const [, address] = /^<?([^\s<>()]{1,320}@[^\s<>()]{1,255})>?\s*$/.exec(line) ?? [];
  if (address !== undefined) addresses.push({ address, reason: null });
  const [, reason] = /^\s+\((?:reason|expanded from): (.*)\)\s*$/.exec(line) ?? [];
  const last = addresses.at(-1);
  if (reason !== undefined && /reason:/.test(line) && last !== undefined) last.reason = reason;
}

/** `550 5.1.1 <someone@example.org>... User unknown` */
function readRefused(line: string, addresses: Section["addresses"]): void {
  const [, address] = /^[45]\d\d .{0,20}?<([^\s<>]{1,320}@[^\s<>]{1,255})>\.\.\. /.exec(line) ?? [];
  if (address !== undefined) addresses.push({ address, reason: null });
}

function saidOf(address: string, reason: string | null, transcript: readonly string[]): Pick<ReportedRecipientText, "diagnostic" | "remoteMta"> {
  const at = transcript.findIndex((line) => line.includes(address));
  const answer = transcript.slice(Math.max(at, 0)).find((line) => /^<<< [45]\d\d/.test(line) || (line.includes(address) && /^[45]\d\d /.test(line)));
  const talking = transcript
    .slice(0, at === -1 ? undefined : at + 1)
    .reverse()
    .find((line) => /while talking to/i.test(line));
  const [, remoteMta = null] = /while talking to ([^\s:]{1,255}?)\.?:/i.exec(talking ?? "") ?? [];
  return { diagnostic: reason ?? answer?.replace(/^<<< /, "").trim() ?? null, remoteMta };
}
