import { parseHost } from "../../schemas/host.js";
import type { Violation } from "../support/request-error.js";

/** The name for EHLO, where it is given and not a reference that is still to be resolved: RFC 5321, section 2.3.5, allows host names only, and servers refuse others. */
export function heloViolations(helo: unknown): Violation[] {
  if (typeof helo !== "string" || parseHost(helo) !== null) return [];
  return [{ pointer: "/helo_domain", message: "must be a host name or an IP address", hint: helo.includes("_") ? "a name in EHLO has no underscore" : null }];
}
