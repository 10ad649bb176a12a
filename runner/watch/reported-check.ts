import { createHash } from "node:crypto";
import type { PlannedCheck } from "../suite/plan.js";
import type { Rules } from "./state.js";

/** What a notification says of a check. */
export interface NamedCheck {
  readonly key: string;
  readonly name: string;
  readonly planned: Pick<PlannedCheck, "target" | "name"> & { readonly check: { readonly probe: string } };
}

/** What the book needs to know of a check. */
export interface ReportedCheck extends NamedCheck {
  readonly rules: Rules;
}

/** A check that no file has: its incidents are stored and sent like those of any other, and its first failure opens one. */
export function pseudoCheck(kind: string, suite: string, name: string): ReportedCheck {
  const key = createHash("sha256")
    .update(JSON.stringify([kind, suite, name]))
    .digest("hex")
    .slice(0, 16);
  return { key, name, planned: unplanned(name), rules: { fireAfter: { failures: 1, of: 1 }, clearAfter: 1 } };
}

/** For a check that is not in the file. */
export function unplanned(name: string): NamedCheck["planned"] {
  return { target: null, name, check: { probe: "" } };
}
