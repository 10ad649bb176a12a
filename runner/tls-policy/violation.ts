import type { TlsResultType } from "../../schemas/tls-policy.js";

/** How something falls short of what was demanded, in the words of a TLS report and in a person's. */
export interface PolicyViolation {
  readonly type: TlsResultType;
  readonly message: string;
}
