import type { AuthenticationVerdict } from "../../schemas/mail-authentication.js";
import { pairsOf, partsOf } from "./authentication-results.js";
import { tokensOf } from "./field-tokens.js";
import { HEADER_LIMITS, shown } from "./limits.js";

/** Reads Received-SPF (RFC 7208, section 9.1): the result, a comment, and name=value with semicolons between. */
export function parseReceivedSpf(body: string): AuthenticationVerdict | null {
  const tokens = tokensOf(body);
  const [first] = tokens;
  if (first?.kind !== "word" || first.text.includes("=")) return null;
  const comment = tokens.find(({ kind }) => kind === "comment");
  const pairs = partsOf(tokens.slice(1)).flatMap(pairsOf);
  const receiver = pairs.find(({ name }) => name === "receiver");
  return {
    source: "received_spf",
    authserv_id: receiver === undefined ? null : shown(receiver.value.toLowerCase()),
    arc_instance: null,
    method: "spf",
    result: shown(first.text.toLowerCase()),
    reason: null,
    comment: comment === undefined ? null : shown(comment.text),
    properties: pairs.slice(0, HEADER_LIMITS.properties).map(({ name, value }) => ({ name: shown(name), value: shown(value) })),
  };
}
