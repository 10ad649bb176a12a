import { REPORT_LIMITS } from "../limits.js";
import type { ReportedRecipientText } from "../recipient.js";
import type { PlainReader } from "./reader.js";

/** Exim: an address indented by two blanks, why below it by four. */
export const exim: PlainReader = {
  format: "exim",
  mark: /^This message was created automatically by mail delivery software/im,
  original: /^----.*(?:This is a copy of (?:the|your) message|The body of the message)/i,
  delay: /has not been delivered to one or more of its recipients|No action is required on your part/i,
  read: ({ lines }) => {
    const listed: { address: string; words: string[] }[] = [];
    for (const line of lines) {
      const [, address] = /^ {2}<?([^\s<>]{1,320}@[^\s<>:]{1,255})>?:?$/.exec(line) ?? [];
      if (address !== undefined) listed.push({ address, words: [] });
      else if (/^ {4,}\S/.test(line)) listed.at(-1)?.words.push(line.trim());
      else if (line.trim() !== "" && listed.length > 0 && !/^ {2}\S/.test(line)) break;
    }
    return listed.map(recipientOf);
  },
};

function recipientOf({ address, words }: { address: string; words: readonly string[] }): ReportedRecipientText {
  const all = words.join(" ").slice(0, REPORT_LIMITS.lineCharacters).replace(/\s+/g, " ");
  const [, remoteMta = null] = /\bhost ([A-Za-z0-9.-]{1,255}) \[/.exec(all) ?? [];
  return { address: address.replace(/^.*\s/, ""), action: null, diagnostic: all || null, remoteMta };
}
