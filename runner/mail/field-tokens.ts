import { HEADER_LIMITS } from "./limits.js";

/** A piece of a structured field (RFC 5322, section 3.2): its text is without quotes, parentheses and backslashes. */
export interface Token {
  readonly kind: "word" | "quoted" | "comment" | "semicolon";
  readonly text: string;
  /** Nothing stood between it and the piece before it. */
  readonly isJoined: boolean;
}

/** Splits a field's body into tokens. An unclosed token extends to the end. */
export function tokensOf(body: string): Token[] {
  const tokens: Token[] = [];
  let isJoined = false;
  for (let at = 0; at < body.length; ) {
    const first = body[at] as string;
    if (isBlank(first)) {
      isJoined = false;
      at += 1;
      continue;
    }
    const { token, end } = tokenAt(body, at, first);
    tokens.push({ ...token, isJoined });
    isJoined = true;
    at = end;
  }
  return tokens;
}

interface Piece {
  readonly token: Omit<Token, "isJoined">;
  readonly end: number;
}

function tokenAt(body: string, at: number, first: string): Piece {
  if (first === "(") return comment(body, at + 1);
  if (first === '"') return quoted(body, at + 1);
  if (first === ";") return { token: { kind: "semicolon", text: ";" }, end: at + 1 };
  return word(body, at);
}

/** Up to the next blank or mark. A closing parenthesis without an opening one is an ordinary character. */
function word(body: string, start: number): Piece {
  let end = start + 1;
  while (end < body.length && !isBlank(body[end] as string) && !'(";'.includes(body[end] as string)) end += 1;
  return { token: { kind: "word", text: body.slice(start, end) }, end };
}

function quoted(body: string, start: number): Piece {
  let text = "";
  let at = start;
  for (; at < body.length && body[at] !== '"'; at++) {
    if (body[at] === "\\" && at + 1 < body.length) at += 1;
    text += body[at];
  }
  return { token: { kind: "quoted", text }, end: at + 1 };
}

function comment(body: string, start: number): Piece {
  let text = "";
  let depth = 1;
  let at = start;
  for (; at < body.length; at++) {
    const character = body[at] as string;
    if (character === "(" && depth < HEADER_LIMITS.commentDepth) depth += 1;
    else if (character === ")") depth -= 1;
    if (depth === 0) break;
    if (character === "\\" && at + 1 < body.length) at += 1;
    text += body[at];
  }
  return { token: { kind: "comment", text: text.trim() }, end: at + 1 };
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\r" || character === "\n";
}
