import { REPORT_LIMITS } from "../limits.js";
import type { ReportedRecipientText } from "../recipient.js";
import type { PlainReport } from "./reader.js";

/** `<someone@example.org>:`, and the reason after it or below. */
const HEAD = /^\s*<([^<>\s]{1,320}@[^<>\s]{1,255})>(?:,? \(?(?:expanded from|ORCPT)[^:]*)?:\s*(.*)$/;

/** Recipients as qmail writes them (its bounce message format): an address in angle brackets with a colon, then why, up to an empty line. */
export function paragraphs({ lines }: PlainReport): ReportedRecipientText[] {
  const listed: { address: string; words: string[] }[] = [];
  let current: { address: string; words: string[] } | null = null;
  for (const line of lines) {
    const [, address, reason = ""] = HEAD.exec(line) ?? [];
    if (address !== undefined) {
      current = { address, words: [reason] };
      listed.push(current);
    } else if (line.trim() !== "") current?.words.push(line);
    else if (current?.words.some((word) => word.trim() !== "") === true) current = null;
  }
  return listed.map(({ address, words }) => ({ address, action: null, diagnostic: reasonOf(words), ...whoSaid(words) }));
}

/** What a server said, if the text contains it; otherwise the text itself. */
function reasonOf(words: readonly string[]): string | null {
  const all = wordsOf(words).replace(/ Giving up on \S+$/, "");
  const [, said] = /(?:Remote host said|<<<|Response):?\s*([245]\d\d[ -].*)$/i.exec(all) ?? [];
  return (said ?? all) || null;
}

function wordsOf(words: readonly string[]): string {
  return words.join(" ").slice(0, REPORT_LIMITS.lineCharacters).replace(/\s+/g, " ").trim();
}

/** `host mx.example.org[192.0.2.1] said:`, `mx.example.org [192.0.2.1]:` or `192.0.2.1 does not like recipient.` */
function whoSaid(words: readonly string[]): Pick<ReportedRecipientText, "remoteMta"> {
  const all = wordsOf(words);
  const [, named, liked, talking] =
    /host ([^\s[\]]{1,255})\[[^\]]{0,255}\] (?:said|refused)|(?:^|\s)([0-9.]{7,15}|[A-Za-z0-9.-]{4,255}) (?:does not like|failed after|\[[0-9a-fA-F.:]+\]:)|while talking to ([^\s:]{1,255})/i.exec(
      all,
    ) ?? [];
  return { remoteMta: named ?? liked ?? talking?.replace(/\.$/, "") ?? null };
}
