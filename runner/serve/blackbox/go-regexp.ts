import { patternFault } from "../../../schemas/regular-expression.js";
import { classAt } from "./go-class.js";

/** How a regular expression of Go (RE2) is written in JavaScript with the flag u, or why it cannot be. */
export function fromGoRegexp(pattern: string): { readonly pattern: string } | { readonly fault: string } {
  const flags = /^\(\?([a-zA-Z]+)\)/.exec(pattern)?.[1] ?? "";
  if (/[^ism]/.test(flags)) return { fault: `the flags (?${flags}) are not supported` };
  const translated = translate(pattern.slice(flags === "" ? 0 : flags.length + 3), flags);
  if (translated === null) return { fault: "it has a construct of Go that JavaScript does not have" };
  const fault = patternFault(translated);
  return fault === null ? { pattern: translated } : { fault };
}

function translate(text: string, flags: string): string | null {
  let written = "";
  for (let at = 0; at < text.length; ) {
    const piece = pieceAt(text.slice(at), flags);
    if (piece === null) return null;
    written += piece.written;
    at += piece.length;
  }
  return written;
}

interface Piece {
  readonly written: string;
  readonly length: number;
}

function pieceAt(text: string, flags: string): Piece | null {
  const character = [...text][0] as string;
  const { length } = character;
  if (character === "[") return classAt(text, flags.includes("i"));
  if (character === "(") return groupAt(text);
  if (character === "\\") return escapeAt(text);
  if (character === ".") return { written: flags.includes("s") ? "[^]" : "[^\\n]", length };
  if (character === "^") return { written: flags.includes("m") ? "(?:^|(?<=\\n))" : "^", length };
  if (character === "$") return { written: flags.includes("m") ? "(?:$|(?=\\n))" : "$", length };
  const bounds = /^\{\d+(?:,\d*)?\}/.exec(text);
  if (bounds !== null) return { written: bounds[0], length: bounds[0].length };
  // Go takes them for themselves where they do not begin or end something.
  if (/[{}\]]/.test(character)) return { written: `\\${character}`, length };
  if (flags.includes("i") && /[A-Za-z]/.test(character)) return { written: `[${character.toLowerCase()}${character.toUpperCase()}]`, length };
  return { written: character, length };
}

function groupAt(text: string): Piece | null {
  const named = /^\(\?P?<(\w+)>/.exec(text);
  if (named !== null) return { written: `(?<${named[1]}>`, length: named[0].length };
  if (text.startsWith("(?:")) return { written: "(?:", length: 3 };
  return text.startsWith("(?") ? null : { written: "(", length: 1 };
}

const ESCAPES: Readonly<Record<string, string>> = { A: "^", z: "$", a: "\\x07", s: "[\\t\\n\\f\\r ]", S: "[^\\t\\n\\f\\r ]" };

function escapeAt(text: string): Piece | null {
  const escaped = text[1] ?? "";
  const own = ESCAPES[escaped];
  if (own !== undefined) return { written: own, length: 2 };
  if (/[dDwWbBtnvfr]/.test(escaped)) return { written: `\\${escaped}`, length: 2 };
  const hex = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(text);
  if (hex !== null) return { written: `\\u{${hex[1] ?? hex[2]}}`, length: hex[0].length };
  const property = /^\\([pP])(?:\{(\w+)\}|(\w))/.exec(text);
  if (property !== null) return { written: propertyOf(property[1] as string, (property[2] ?? property[3]) as string), length: property[0].length };
  const quoted = /^\\Q((?:[^\\]|\\(?!E))*)(?:\\E|$)/.exec(text);
  if (quoted !== null) return { written: (quoted[1] as string).replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&"), length: quoted[0].length };
  if (escaped === "" || /[0-9A-Za-z]/.test(escaped)) return null;
  return { written: /[\^$\\.*+?()[\]{}|/]/.test(escaped) ? `\\${escaped}` : escaped, length: 2 };
}

/** A general category has the same name in both; a script is named as one in JavaScript. */
function propertyOf(sign: string, name: string): string {
  return name.length <= 2 ? `\\${sign}{${name}}` : `\\${sign}{Script=${name}}`;
}
