/** Texts as Python's str() and repr() print values: 1.0.0 promises them, and its callers compare them character by character. */

/** repr() of a list of str. */
export function pythonList(items: readonly string[]): string {
  return `[${items.map(pythonString).join(", ")}]`;
}

/** repr() of a str. */
export function pythonString(text: string): string {
  const quote = quoteFor(text);
  let inner = "";
  for (const character of text) inner += escaped(character, quote);
  return quote + inner + quote;
}

/** repr() of a bytes. */
export function pythonBytes(bytes: Uint8Array): string {
  // As latin-1 each byte is one character, and what is not ASCII is then escaped by its number.
  const text = Buffer.from(bytes).toString("latin1");
  const quote = quoteFor(text);
  let inner = "";
  for (const character of text) inner += isAscii(character) ? escaped(character, quote) : byNumber(character);
  return `b${quote}${inner}${quote}`;
}

/** repr() of a float: never without a point, and its exponent from other limits on than JavaScript's. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  // JavaScript itself prints an exponent below 1e-6 and from 1e21 on only.
  const printed = String(value);
  return printed.includes(".") ? printed : `${printed}.0`;
}

/** round(seconds, 3) followed by an s. */
export function pythonSeconds(milliseconds: number): string {
  return `${pythonFloat(roundedToThree(milliseconds / 1000))}s`;
}

/** Python rounds the number as it is stored, and an exact half to the even side; toFixed() rounds such a half up. */
function roundedToThree(value: number): number {
  // A binary fraction ends in an exact half of a thousandth only when it is an odd number of sixteenths.
  if (Math.abs(value * 16) % 2 !== 1) return Number(value.toFixed(3));
  const below = Math.floor(value * 1000);
  return (below % 2 === 0 ? below : below + 1) / 1000;
}

/** Single quotes, unless that would need an escape and double ones would not. */
function quoteFor(text: string): string {
  return text.includes("'") && !text.includes('"') ? '"' : "'";
}

const SHORT: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function escaped(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  const short = SHORT[character];
  if (short !== undefined) return short;
  return isPrintable(character) ? character : byNumber(character);
}

/** str.isprintable(): no control, format, surrogate, private or unassigned character, and no space but the plain one. */
function isPrintable(character: string): boolean {
  return character === " " || !/[\p{C}\p{Z}]/u.test(character);
}

function isAscii(character: string): boolean {
  return character < "\u0080";
}

function byNumber(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
