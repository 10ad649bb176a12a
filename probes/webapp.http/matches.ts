import { firstMatch } from "../../runner/assertions/assertions.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { fieldValue } from "../../runner/net/http/message.js";
import { textOf } from "./body.js";
import type { Expectations, Input, Output } from "./schema.js";

type Match = Output["matches"][number];

/** An expression sees more of a body than of a field. */
const MAX_MATCHED_CHARACTERS = 64 * 1024;
const MAX_SHOWN = 256;

/** What the expectations of texts found in the last response: the judgement on them, and what the output shows. */
export function matchesIn({ expect, prefer }: Input, last: Exchange, seen: Pick<Output, "final_url" | "websocket" | "event">): Match[] {
  const texts: Texts = {
    body: textOf(last),
    message: seen.websocket?.message ?? seen.event?.data ?? null,
    url: seen.final_url,
    header: (name) => fieldValue(last.head?.fields ?? [], name.toLowerCase()),
  };
  return [...matchesOf("error", expect ?? {}, texts), ...matchesOf("warning", prefer ?? {}, texts)];
}

interface Texts {
  readonly body: string | null;
  readonly message: string | null;
  readonly url: string | null;
  header(name: string): string | null;
}

function matchesOf(severity: Match["severity"], wanted: Expectations, texts: Texts): Match[] {
  const inText = (target: string, expected: unknown, text: string | null): Match[] =>
    searchesOf(expected).map(([assertion, what]) => {
      const found = text === null ? null : assertion === "contains" ? (text.includes(what) ? what : null) : foundIn(target, text, what);
      return { target, severity, assertion, wanted: what, found: found?.slice(0, MAX_SHOWN) ?? null };
    });
  return [
    ...Object.entries(wanted.headers ?? {}).flatMap(([name, expected]) => inText(`header ${name}`, expected, texts.header(name))),
    ...(["body", "message", "url"] as const).flatMap((target) => inText(target, wanted[target], texts[target])),
  ];
}

function foundIn(target: string, text: string, pattern: string): string | null {
  return target === "body" ? firstMatch(text, pattern, MAX_MATCHED_CHARACTERS) : firstMatch(text, pattern);
}

function searchesOf(expected: unknown): ["matches" | "contains", string][] {
  if (expected === null || typeof expected !== "object" || Array.isArray(expected)) return [];
  const assertions = expected as Record<string, unknown>;
  return (["matches", "contains"] as const).flatMap((name) => (typeof assertions[name] === "string" ? [[name, assertions[name]] as const] : [])) as [
    "matches" | "contains",
    string,
  ][];
}
