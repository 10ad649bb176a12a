/** POSIX classes, which Go knows inside of brackets. */
const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** A bracket expression of Go at the beginning of a text: what it is in JavaScript, and how long it was. Null if it has no end, or JavaScript cannot say it. */
export function classAt(text: string, foldsCase: boolean): { written: string; length: number } | null {
  let at = text.startsWith("[^") ? 2 : 1;
  const members: string[] = [];
  for (let isFirst = true; at < text.length; isFirst = false) {
    if (text[at] === "]" && !isFirst) return { written: `[${text[1] === "^" ? "^" : ""}${members.join("")}]`, length: at + 1 };
    const posix = /^\[:(\w+):\]/.exec(text.slice(at));
    const member = posix === null ? memberAt(text.slice(at)) : { written: POSIX[posix[1] as string] ?? null, length: posix[0].length };
    if (member.written === null) return null;
    members.push(foldsCase ? bothCases(member.written) : member.written);
    at += member.length;
  }
  return null;
}

/** One character or a range. */
function memberAt(text: string): { written: string | null; length: number } {
  const first = characterAt(text);
  if (first.written === null || text[first.length] !== "-" || text[first.length + 1] === "]" || text[first.length + 1] === undefined) return first;
  const last = characterAt(text.slice(first.length + 1));
  return { written: last.written === null ? null : `${first.written}-${last.written}`, length: first.length + 1 + last.length };
}

function characterAt(text: string): { written: string | null; length: number } {
  const character = [...text][0] ?? "";
  if (character !== "\\") return { written: /[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character, length: character.length };
  const escaped = text[1] ?? "";
  if (escaped === "s") return { written: "\\t\\n\\f\\r ", length: 2 };
  if (/[dDwWStnvfr]/.test(escaped)) return { written: `\\${escaped}`, length: 2 };
  const hex = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(text);
  if (hex !== null) return { written: `\\u{${hex[1] ?? hex[2]}}`, length: hex[0].length };
  if (escaped === "" || /[0-9A-Za-z]/.test(escaped)) return { written: null, length: 2 };
  return { written: /[\^$\\.*+?()[\]{}|/-]/.test(escaped) ? `\\${escaped}` : escaped, length: 2 };
}

function bothCases(member: string): string {
  if (/^(?:[a-z](?:-[a-z])?|[A-Z](?:-[A-Z])?)$/.test(member)) return `${member.toLowerCase()}${member.toUpperCase()}`;
  return member === "0-9A-Za-z" || member === "A-Za-z" || member === "a-z" || member === "A-Z" ? "A-Za-z".concat(member.startsWith("0") ? "0-9" : "") : member;
}
