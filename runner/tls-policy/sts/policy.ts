import type { PolicyViolation } from "../violation.js";

export type StsMode = "enforce" | "testing" | "none";

/** An MTA-STS policy as its domain published it (RFC 8461, section 3.2). */
export interface StsPolicy {
  readonly mode: StsMode;
  /** Patterns of mail hosts, in small A-labels, without their last dot. */
  readonly mx: readonly string[];
  readonly maxAgeS: number;
  /** As it was published. */
  readonly lines: readonly string[];
}

/** The current policy of a domain; null if it has none. */
export interface StsFinding {
  readonly policy: StsPolicy | null;
  /** Why an announced policy could not be fetched or renewed. An earlier policy applies until it expires. */
  readonly problem: PolicyViolation | null;
}
