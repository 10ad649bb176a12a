/** What is wrong with a security.txt (RFC 9116, section 2.5), with the lines that show it. */
export function securityTxtFaults(text: string, contentType: string | null, now: number): { readonly faults: string[]; readonly evidence: string[] } {
  const lines = text.split("\n", MAX_LINES).map((line) => line.trim());
  const fields = (name: string): string[] => lines.filter((line) => line.toLowerCase().startsWith(`${name}:`));
  const [contacts, expiries] = [fields("contact"), fields("expires")];
  const until = Date.parse(contentOf(expiries[0] ?? ""));
  const faults = [
    ...(/^text\/plain[ \t]*(?:;|$)/i.test(contentType ?? "") ? [] : [`it is ${contentType ?? "without a media type"}, not text/plain`]),
    ...(contacts.length === 0 ? ["it has no Contact"] : []),
    ...(contacts.every((line) => /^(mailto:|tel:|https:\/\/)/i.test(contentOf(line)))
      ? []
      : ["a Contact is not a URI that begins with mailto:, tel: or https://"]),
    ...(expiries.length === 0 ? ["it has no Expires"] : []),
    ...(expiries.length > 1 ? ["it has more than one Expires"] : []),
    ...(expiries.length === 1 && Number.isNaN(until) ? ["Expires is no date"] : []),
    ...(until <= now ? ["it has expired"] : []),
  ];
  return { faults, evidence: [...contacts, ...expiries].slice(0, 10).map((line) => line.slice(0, 200)) };
}

const MAX_LINES = 1000;

function contentOf(line: string): string {
  return line.slice(line.indexOf(":") + 1).trim();
}
