import type { DkimProblem } from "../../../schemas/dkim.js";
import type { SigningKey } from "./signing-key.js";

export interface KeysFound {
  readonly keys: readonly SigningKey[];
  /** Of keys that are there and cannot sign. */
  readonly problems: readonly DkimProblem[];
}

/** Where keys come from. */
export interface KeySource {
  /** Of this very domain, in small A-labels. */
  keysOf(domain: string): Promise<KeysFound>;
  /** What to do if a domain has none. */
  hint(domain: string): string;
}
