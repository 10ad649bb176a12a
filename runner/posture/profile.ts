import type { MailRoute } from "../../schemas/mx.js";
import type { SpfFacts } from "./spf/examine.js";
import { mistakenTerms } from "./spf/repaired.js";

export const PROFILES = ["sending", "receiving", "both", "parked"] as const;
export type Profile = (typeof PROFILES)[number];

/** What a domain is used for, from its records. What is not known counts as used: a guess must not hide a fault. */
export function guessProfile(route: MailRoute, { nodes }: Pick<SpfFacts, "nodes">): Profile {
  const [own] = nodes;
  const sendsNothing =
    own?.state === "read" &&
    own.directives.length === 1 &&
    own.directives[0]?.mechanism.name === "all" &&
    own.directives[0].result === "fail" &&
    !/\sredirect=/i.test(own.record ?? "") &&
    mistakenTerms(own.record).length === 0;
  const takesNothing = route.kind === "null_mx" || route.kind === "none";
  // A name without any record of mail is not used for it either.
  const isUnused = route.kind === "none" && own?.state === "none";
  if ((sendsNothing && takesNothing) || isUnused) return "parked";
  if (sendsNothing) return "receiving";
  return takesNothing ? "sending" : "both";
}

export function sends(profile: Profile): boolean {
  return profile === "sending" || profile === "both";
}

export function receives(profile: Profile): boolean {
  return profile === "receiving" || profile === "both";
}
