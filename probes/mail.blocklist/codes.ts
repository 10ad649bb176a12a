import type { Answer } from "../../runner/net/dns/answer.js";
import { ASKERS_ERRORS, ASKERS_NETWORK, type Codes } from "./known-lists.js";

export interface Code {
  readonly code: string;
  /** Null if the meaning is unknown. */
  readonly meaning: string | null;
}

/** What a list's answer to one name says. */
export type Verdict =
  | { readonly says: "listed"; readonly codes: readonly Code[] }
  | { readonly says: "not_listed" }
  | { readonly says: "refuses_us"; readonly message: string }
  /** An address that is not a list's answer: a parked domain, or a resolver that answers for nonexistent names. */
  | { readonly says: "no_code"; readonly message: string }
  | { readonly says: "no_answer"; readonly message: string };

/** Only an answer says that something is not listed: a name server's silence says nothing. */
export function verdictOf(answer: Answer<"A">, codes: Codes): Verdict {
  if (answer.outcome === "no_such_name" || answer.outcome === "no_data") return { says: "not_listed" };
  if (answer.outcome === "refused") return { says: "refuses_us", message: answer.problem ?? answer.outcome };
  if (answer.outcome !== "found") return { says: "no_answer", message: answer.problem ?? answer.outcome };
  const inside = answer.records.filter(isLoopback);
  if (inside.length === 0) return { says: "no_code", message: `answers ${answer.records.slice(0, MAX_CODES).join(", ")}, which is not in 127.0.0.0/8` };
  const refusal = inside.map((code) => refusalOf(code, codes)).find((reason) => reason !== null);
  if (refusal !== undefined) return { says: "refuses_us", message: refusal };
  return { says: "listed", codes: [...new Set(inside)].slice(0, MAX_CODES).map((code) => ({ code, meaning: meaningOf(code, codes) })) };
}

/** RFC 5782, section 2.1: whatever is listed has an address in 127.0.0.0/8. */
function isLoopback(address: string): boolean {
  return address.startsWith("127.");
}

function refusalOf(code: string, { refusals = {} }: Codes): string | null {
  const own = refusals[code];
  if (own !== undefined) return `${code}: ${own}`;
  return code.startsWith(ASKERS_NETWORK) ? `${code}: ${ASKERS_ERRORS[code] ?? "an error on the client's side"}` : null;
}

function meaningOf(code: string, { listed, bits = {} }: Codes): string | null {
  const last = Number(code.slice(code.lastIndexOf(".") + 1));
  const set = Object.entries(bits).filter(([bit]) => (last & Number(bit)) !== 0);
  return listed[code] ?? (set.length > 0 ? set.map(([, meaning]) => meaning).join("; ") : null);
}

/** A list joins some ten others at most. */
const MAX_CODES = 16;
