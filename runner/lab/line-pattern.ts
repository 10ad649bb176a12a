import { replaceEscapes, SIMPLE } from "./transcript-escapes.js";

/** The literal parts of a C line, between which anything may stand. `\*` is a star itself. */
export function parsePattern(text: string): string[] {
  // The stars that mean anything are found before escapes are undone, for an escape may stand for one.
  const parts: string[] = [""];
  for (const [token] of Buffer.from(text)
    .toString("latin1")
    .matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (token === "*") parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => replaceEscapes(part, { ...SIMPLE, "*": "*" }));
}

/** Whether a line is as expected. Verbs have no case (RFC 5321, section 2.4); everything after them does. */
export function matchesPattern(pattern: readonly string[], line: string): boolean {
  if (matchesParts(pattern, line)) return true;
  const [first = "", ...rest] = pattern;
  return matchesParts([upperVerb(first), ...rest], upperVerb(line));
}

function matchesParts(parts: readonly string[], line: string): boolean {
  const first = parts[0] as string;
  if (parts.length === 1) return line === first;
  const last = parts.at(-1) as string;
  if (line.length < first.length + last.length || !line.startsWith(first) || !line.endsWith(last)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = line.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= line.length - last.length;
}

/** A verb is a short word of letters; a line of base64, whose case counts, rarely is. */
function upperVerb(line: string): string {
  return line.replace(/^[A-Za-z]{3,10}(?= |$)/, (verb) => verb.toUpperCase());
}
