export const SIMPLE: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\" };
const ESCAPE = /\\(x[0-9a-fA-F]{2}|[\s\S]|$)/g;

/** The bytes of an S line: its text as UTF-8, and each escape as the byte it names. */
export function unescapeBytes(text: string): Uint8Array {
  return Buffer.from(replaceEscapes(Buffer.from(text).toString("latin1")), "latin1");
}

/** Writes bytes (one character each) so that an S or C line gives them back. */
export function escapeBytes(bytes: string, { star = false }: { star?: boolean } = {}): string {
  return bytes.replace(/[^\x20-\x7e]|\\|\*/g, (character) => {
    if (character === "*") return star ? "\\*" : "*";
    if (character === "\\") return "\\\\";
    const simple = Object.keys(SIMPLE).find((name) => SIMPLE[name] === character);
    return simple === undefined ? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}` : `\\${simple}`;
  });
}

/** Undoes the escapes in bytes, one character each. */
export function replaceEscapes(text: string, simple: Readonly<Record<string, string>> = SIMPLE): string {
  return text.replace(ESCAPE, (whole, name: string) => {
    if (name.length === 3) return String.fromCharCode(Number.parseInt(name.slice(1), 16));
    const character = simple[name];
    if (character !== undefined) return character;
    const known = Object.keys(simple).map((letter) => `\\${letter}`);
    throw new Error(`${JSON.stringify(whole)} is no escape; there are ${known.join(" ")} and \\xNN`);
  });
}
