/** Which addresses a run may connect to, and which name servers it may ask. */
export interface TargetPolicy {
  /** Equal for policies that allow the same: part of the keys of what several runs share. */
  readonly key: string;
  /** Why an address must not be used; null if it may. `host` is the name that the system's name servers resolved to the address. */
  refusalOf(address: string, host: string | null): string | null;
}

/** The policy of one run, and what it has refused. */
export class RunTargets {
  readonly refusals = new Set<string>();

  constructor(readonly policy: TargetPolicy) {}

  allows(address: string, host: string | null): boolean {
    const refusal = this.policy.refusalOf(address, host);
    if (refusal !== null && this.refusals.size < MAX_REFUSALS) this.refusals.add(refusal);
    return refusal === null;
  }
}

/** A host may have hundreds of addresses; these are enough for an error message. */
const MAX_REFUSALS = 8;
