import type { TlsResultType } from "../../schemas/tls-policy.js";

/** A violation of a requirement, in the words of a TLS report and in plain text. */
export interface PolicyViolation {
  readonly type: TlsResultType;
  readonly message: string;
}
