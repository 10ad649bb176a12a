import { certificatesProblem } from "../../schemas/certificates.js";
import type { Violation } from "../support/request-error.js";

/** For a probe's checkInput(): the problems of the certificates that it should trust. */
export function certificateViolations(pointer: string, pem: string | undefined): Violation[] {
  const problem = pem === undefined ? null : certificatesProblem(pem);
  return problem === null ? [] : [{ pointer, message: `must be certificates in PEM: ${problem}`, hint: null }];
}
