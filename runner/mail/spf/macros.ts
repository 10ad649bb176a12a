/** Macro strings (RFC 7208, section 7): a text with placeholders for facts of the message. */
export type MacroPart = string | Macro;

export interface Macro {
  /** In lower case. */
  readonly letter: MacroLetter;
  /** How many labels on the right are kept; null for all. */
  readonly keep: number | null;
  readonly isReversed: boolean;
  readonly delimiters: string;
  /** An upper-case letter: what is not unreserved in a URL is escaped. */
  readonly isEscaped: boolean;
}

export type MacroLetter = "s" | "l" | "o" | "d" | "i" | "p" | "h" | "c" | "r" | "t" | "v";

export interface MacroProblem {
  readonly problem: string;
}

const TOKEN = /%(?:\{([slodiphcrtv])(\d*)(r?)([.+,/_=-]*)\}|([%_-]))|%|[^%]+/giy;
const LITERAL = /^[!-~]*$/;
const LITERAL_WITH_BLANKS = /^[ -~]*$/;
const ESCAPES: Readonly<Record<string, string>> = { "%": "%", _: " ", "-": "%20" };

/** An explanation may hold blanks, and the letters c, r and t. */
export function parseMacroString(text: string, isExplanation = false): MacroPart[] | MacroProblem {
  // Most texts have no macro.
  if (!text.includes("%")) return text === "" ? [] : literalOf(text, isExplanation);
  const parts: MacroPart[] = [];
  for (const [token, letter, digits = "", reverse = "", delimiters = "", escaped] of text.matchAll(TOKEN)) {
    if (escaped !== undefined) parts.push(ESCAPES[escaped] as string);
    else if (letter !== undefined) {
      if (digits !== "" && Number(digits) === 0) return { problem: `${token} keeps no label` };
      const lower = letter.toLowerCase() as MacroLetter;
      if (!isExplanation && "crt".includes(lower)) return { problem: `${token} may stand in an explanation only` };
      const keep = digits === "" ? null : Number(digits);
      parts.push({ letter: lower, keep, isReversed: reverse !== "", delimiters: delimiters === "" ? "." : delimiters, isEscaped: letter !== lower });
    } else if (token === "%") return { problem: "a % that begins no macro" };
    else {
      const literal = literalOf(token, isExplanation);
      if ("problem" in literal) return literal;
      parts.push(token);
    }
  }
  return parts;
}

function literalOf(text: string, isExplanation: boolean): MacroPart[] | MacroProblem {
  return (isExplanation ? LITERAL_WITH_BLANKS : LITERAL).test(text) ? [text] : { problem: "a character that may not stand there" };
}

/** The rest of section 7.3, once the value of the letter is known. */
export function transformed(value: string, { keep, isReversed, delimiters, isEscaped }: Macro): string {
  const labels: string[] = [""];
  for (const character of value) {
    if (delimiters.includes(character)) labels.push("");
    else labels[labels.length - 1] += character;
  }
  if (isReversed) labels.reverse();
  const text = (keep === null ? labels : labels.slice(-keep)).join(".");
  return isEscaped ? encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`) : text;
}
