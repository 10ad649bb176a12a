import { tokensOf } from "../field-tokens.js";

export interface ContentType {
  /** In lower case: `multipart/report`. */
  readonly type: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** RFC 2045, section 5.1. What is missing, or is none, is plain text (section 5.2). */
export function parseContentType(body: string | undefined): ContentType {
  const pieces: string[][] = [[]];
  for (const { kind, text, isJoined } of tokensOf(body ?? "")) {
    const piece = pieces.at(-1) as string[];
    if (kind === "semicolon") pieces.push([]);
    else if (kind !== "comment" && (isJoined || piece.length === 0 || piece.at(-1)?.endsWith("=") === true || text.startsWith("="))) piece.push(text);
  }
  const [type = "", ...rest] = pieces.map((piece) => piece.join(""));
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf("=");
    if (equals > 0) parameters.set(parameter.slice(0, equals).trim().toLowerCase(), parameter.slice(equals + 1).trim());
  }
  return { type: /^[^\s/]+\/[^\s/]+$/.test(type) ? type.toLowerCase() : "text/plain", parameters };
}
