import type { Check, CheckEvidence } from "../../../schemas/check.js";
import { advice, check, type Rule } from "../check.js";
import type { DnssecFacts } from "./examine.js";

const SIGNED: Rule = { id: "dnssec.signed", area: "receiving", spec: "RFC 4035 3.2.3" };

export function judgeDnssec({ name, state, reason }: DnssecFacts, evidence: readonly CheckEvidence[]): Check {
  switch (state) {
    case "signed":
      return check(SIGNED, "pass", `${name} is signed`, { evidence });
    case "unsigned":
      return check(SIGNED, "notice", `${name} ${unsigned(reason)}: DANE has no effect, and answers can be forged on the way`, { evidence });
    case "bogus":
      return check(SIGNED, "error", `the signatures of ${name} are invalid: ${reason}; resolvers that validate give no answer`, {
        evidence,
        advice: advice("Sign the zone again, or remove the DS records at the registry."),
      });
    default:
      return check(SIGNED, "unknown", reason ?? `whether ${name} is signed is not known`, { evidence });
  }
}

function unsigned(reason: string | null): string {
  return reason === null ? "is not signed" : `counts as not signed, because ${reason}`;
}
