import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Violation } from "../../runner/support/request-error.js";
import type { Input } from "./schema.js";

/** What only another input can mend: it is refused before anything is sent. */
export function checkInput({ tls_options: tls }: Pick<Input, "tls_options">): Violation[] {
  return certificateViolations("/tls_options/ca", tls.ca);
}
