import { DNSSEC_STATES, type DnssecState } from "../../../../schemas/dnssec.js";
import type { WireName } from "../wire/name.js";

/** The result of validation (RFC 4033, section 5), and where it failed or ended. */
export interface Verdict {
  readonly state: DnssecState;
  readonly reason: string;
  /** The name that decides; null for an answer that is secure. */
  readonly name: WireName | null;
}

/** The whole is as good as the worst of its parts. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((worst, each) => (DNSSEC_STATES.indexOf(each.state) > DNSSEC_STATES.indexOf(worst.state) ? each : worst));
}

export function bogus(name: WireName, reason: string): Verdict {
  return { state: "bogus", name, reason };
}

export function insecure(name: WireName, reason: string): Verdict {
  return { state: "insecure", name, reason };
}

export function indeterminate(name: WireName, reason: string): Verdict {
  return { state: "indeterminate", name, reason };
}
