import type { TlsFacts } from "../../../schemas/tls.js";

/** What is wrong with a certificate, for a sentence: `name_mismatch, invalid (weak_key)`. */
export function problemWords({ problems, invalid_reasons: reasons }: Pick<TlsFacts, "problems" | "invalid_reasons">): string {
  return problems.map((problem) => (problem === "invalid" && reasons.length > 0 ? `invalid (${reasons.join(", ")})` : problem)).join(", ");
}
