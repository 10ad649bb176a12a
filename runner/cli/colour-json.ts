const CODES = { name: 34, text: 32, number: 33, word: 35 } as const;

/** A string, with a colon after it if it is a field's name, a number, or one of JSON's three words. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g;

/** JSON text with colours for a terminal. */
export function colourJson(json: string): string {
  return json.replace(TOKEN, (token: string, text: string | undefined, colon: string | undefined) => {
    if (text !== undefined && colon !== undefined) return `${paint("name", text)}${colon}`;
    return paint(text !== undefined ? "text" : /^[tfn]/.test(token) ? "word" : "number", token);
  });
}

function paint(kind: keyof typeof CODES, text: string): string {
  return `\u001b[${CODES[kind]}m${text}\u001b[39m`;
}
