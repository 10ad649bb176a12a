import type { AuthenticationVerdict, VerdictSource } from "../../schemas/mail-authentication.js";
import { type Token, tokensOf } from "./field-tokens.js";
import { HEADER_LIMITS, shown } from "./limits.js";

/** What one field says. */
interface AuthenticationResults {
  readonly authserv_id: string | null;
  readonly arc_instance: number | null;
  readonly verdicts: readonly AuthenticationVerdict[];
}

/**
 * Reads Authentication-Results (RFC 8601, section 2.2) and the fields that are written like it: what follows the first semicolon
 * is one verdict a part. Some leave out who they are (Exchange Online), and begin with a verdict at once.
 */
export function parseAuthenticationResults(body: string, source: VerdictSource): AuthenticationResults {
  const parts = partsOf(tokensOf(body));
  const instance = /^i=(\d{1,4})$/.exec(parts[0]?.[0]?.text ?? "")?.[1] ?? null;
  if (instance !== null) parts.shift();
  const authservId = authservIdOf(parts[0] ?? []);
  if (authservId !== null) parts.shift();
  const about = { source, authserv_id: authservId, arc_instance: instance === null ? null : Number(instance) };
  return { ...about, verdicts: parts.slice(0, HEADER_LIMITS.verdicts).flatMap((part) => verdictOf(part, about) ?? []) };
}

/** A part between semicolons. */
export function partsOf(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "semicolon") parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** A name, optionally followed by a version. A part that begins with `method=result` has no name. */
function authservIdOf(part: readonly Token[]): string | null {
  const [first] = part.filter(({ kind }) => kind !== "comment");
  if (first === undefined || (first.kind === "word" && pairsOf(part).length > 0)) return null;
  return shown(first.text.toLowerCase(), NAME_CHARACTERS);
}

const NAME_CHARACTERS = 255;

function verdictOf(part: readonly Token[], about: Pick<AuthenticationVerdict, "source" | "authserv_id" | "arc_instance">): AuthenticationVerdict | null {
  const [first, ...rest] = pairsOf(part);
  // A method may have a version: dkim/1.
  const method = first?.name.split("/")[0] ?? "";
  if (first === undefined || method === "") return null;
  const reason = rest.find(({ name }) => name === "reason");
  const comment = part.find(({ kind }) => kind === "comment");
  return {
    ...about,
    method: shown(method, NAME_CHARACTERS),
    result: shown(first.value.toLowerCase(), NAME_CHARACTERS),
    reason: reason === undefined ? null : shown(reason.value),
    comment: comment === undefined ? null : shown(comment.text),
    properties: rest
      .filter((pair) => pair !== reason)
      .slice(0, HEADER_LIMITS.properties)
      .map(({ name, value }) => ({ name: shown(name, NAME_CHARACTERS), value: shown(value) })),
  };
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

/** All `name=value` of a part, with blanks anywhere around the equals sign and quotes around any piece of the value. */
export function pairsOf(part: readonly Token[]): Pair[] {
  const pairs: { name: string; value: string; isOpen: boolean }[] = [];
  let name = "";
  for (const [index, { kind, text, isJoined }] of part.entries()) {
    if (kind === "comment") continue;
    const last = pairs.at(-1);
    const equals = kind === "word" ? text.indexOf("=") : -1;
    const isBehind = isJoined && part[index - 1]?.kind !== "comment";
    // What directly follows a value belongs to it: "a b"@example.org. So does the first piece after the equals sign.
    if (last !== undefined && (isBehind || (last.isOpen && last.value === ""))) {
      last.value += text;
      last.isOpen = false;
    } else if (equals === -1) name = text;
    else {
      pairs.push({ name: (equals === 0 ? name : text.slice(0, equals)).toLowerCase(), value: text.slice(equals + 1), isOpen: equals === text.length - 1 });
      name = "";
    }
  }
  return pairs.filter((pair) => pair.name !== "" && pair.value !== "").map((pair) => ({ name: pair.name, value: pair.value }));
}
