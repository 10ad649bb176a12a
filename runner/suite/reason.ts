import type { Carried } from "../../schemas/carried.js";
import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";

/** Why a run is not ok, in one line; null if it is. The failure says more than the findings. */
export function reasonOf(carried: Carried): string | null {
  if (carried.failure !== null) return failureText(carried.failure);
  const findings = findingsOf(carried);
  const worst = findings.find(({ severity }) => severity === carried.status) ?? findings[0];
  return worst === undefined ? null : findingText(worst);
}

/** `refused in connect: connection refused (ECONNREFUSED)` */
export function failureText({ phase, code, message, reply_code, enhanced_code }: Failure): string {
  const reply = [reply_code, enhanced_code].filter((part) => part !== null).join(" ");
  return `${code} in ${phase}${reply === "" ? "" : ` (${reply})`}: ${message}`;
}

export function findingText({ reason, message, expected, actual }: Finding): string {
  const compared = expected === null ? "" : ` (expected ${expected}${actual === null ? "" : `, got ${actual}`})`;
  return `${reason}: ${message}${compared}`;
}

/** Not every probe judges; those that do have `findings` in their output. */
export function findingsOf(carried: Carried): readonly Finding[] {
  const { findings } = carried as Carried & { findings?: readonly Finding[] };
  return Array.isArray(findings) ? findings : [];
}
