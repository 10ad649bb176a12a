import type { ReportedRecipientText } from "../recipient.js";
import type { PlainReader, PlainReport } from "./reader.js";

/** Exchange and Outlook, old and new. */
export const exchange: PlainReader = {
  format: "exchange",
  mark: /^(?:Your message did not reach some or all of the intended recipients|Delivery has failed to these recipients or (?:groups|distribution lists)|Your message to .{1,330} couldn't be delivered|The following recipient\(s\) c(?:annot|ould not) be reached|Delivery is delayed to these recipients)/im,
  original: /^(?:Original message headers|Message Headers|Original Message Headers):?/i,
  delay: /^Delivery is delayed to/im,
  read: (report) => {
    const administrators = forAdministrators(report);
    return administrators.length > 0 ? administrators : forPeople(report);
  },
};

const ADDRESS = /([^\s<>()'"[\]:;,]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9])/;
const ALONE = new RegExp(`^\\s*<?${ADDRESS.source}>?\\s*$`);
/** `Remote Server returned '550 5.1.10 …'`, `#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##`, `<mail.example.org #5.1.1 smtp;550 5.1.1 …>` */
const REASON =
  /(?:Remote Server (?:at .{1,255}? )?returned '([^']*)'?|#(?:<[^>]{0,255}>)? ?#?(?:SMTP#|smtp;)? ?([45]\d\d[ -].{0,1000}?) ?(?:##|#SMTP#|$)|smtp; ?([45]\d\d[ -].{0,1000}?)>?$|^\s*([45]\d\d[ -][45]\.\d{1,3}\.\d{1,3} .*)$)/i;

/** After `Diagnostic information for administrators`: an address on a line of its own, the reason below it. */
function forAdministrators({ lines }: PlainReport): ReportedRecipientText[] {
  const from = lines.findIndex((line) => /^Diagnostic information for administrators|^Error Details/i.test(line));
  if (from === -1) return [];
  return pairs(lines.slice(from + 1), (line) => ALONE.exec(line)?.[1]);
}

/** `'someone@example.org' on 20.11.2026 10:00`, or `someone@example.org (someone@example.org)`, the reason below it. */
function forPeople({ lines }: PlainReport): ReportedRecipientText[] {
  const marked = pairs(lines, (line) => /^\s*'?<?([^\s<>()'"[\]:;,]{1,64}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9])>?'?(?: on \S| ?[(<]|\s*$)/.exec(line)?.[1]);
  if (marked.length > 0) return marked;
  const [, named] = /^Your message to (.{1,330}) couldn't be delivered/im.exec(lines.join("\n")) ?? [];
  const address = ADDRESS.exec(named ?? "")?.[1];
  return address === undefined ? [] : [{ address, action: "failed", diagnostic: lines.map(reasonIn).find((reason) => reason !== null) ?? null }];
}

function pairs(lines: readonly string[], addressIn: (line: string) => string | undefined): ReportedRecipientText[] {
  const listed: { address: string; diagnostic: string | null; remoteMta: string | null }[] = [];
  for (const line of lines) {
    const address = addressIn(line);
    if (address !== undefined) listed.push({ address, diagnostic: null, remoteMta: null });
    const last = listed.at(-1);
    if (last === undefined || address !== undefined) continue;
    last.diagnostic ??= reasonIn(line);
    last.remoteMta ??= /<([A-Za-z0-9.-]{1,255}) #\d/.exec(line)?.[1] ?? null;
  }
  return listed.map((each) => ({ ...each, action: null })).filter(({ address }, index, all) => all.findIndex((other) => other.address === address) === index);
}

function reasonIn(line: string): string | null {
  const [, ...found] = REASON.exec(line.replace(/\s+/g, " ").trim()) ?? [];
  const reason = found.find((each) => each !== undefined);
  if (reason !== undefined) return reason.trim();
  const [, words] = /^\s*<[^>]{0,255}?#(\d\.\d{1,3}\.\d{1,3})[^>]{0,255}>/.exec(line) ?? [];
  return words === undefined ? null : `(#${words})`;
}
