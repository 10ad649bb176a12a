import { parseHost } from "../../../schemas/host.js";
import { trimBoth, trimEnd } from "../../../schemas/text.js";
import type { StsMode, StsPolicy } from "./policy.js";

/** RFC 8461, section 3.2: a year. */
const MAX_AGE_S = 31_557_600;
const MODES: readonly string[] = ["enforce", "testing", "none"] satisfies StsMode[];

/** Parses a policy file, or reports what is wrong with it (RFC 8461, section 3.2). Unknown fields are ignored. */
export function readStsPolicy(text: string): StsPolicy | { readonly problem: string } {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const fields = lines.map(fieldOf);
  const broken = fields.indexOf(null);
  if (broken !== -1) return { problem: `line ${broken + 1} of the policy, ${JSON.stringify(lines[broken]?.slice(0, 100))}, is not KEY: VALUE` };
  const known = fields as Field[];
  const mode = firstOf(known, "mode") ?? "";
  const age = firstOf(known, "max_age") ?? "";
  if (firstOf(known, "version") !== "STSv1") return { problem: "the policy does not say version: STSv1" };
  if (!MODES.includes(mode)) return { problem: `the policy's mode is ${JSON.stringify(mode)}, and must be one of ${MODES.join(", ")}` };
  if (!/^\d{1,10}$/.test(age)) return { problem: `the policy's max_age is ${JSON.stringify(age)}, and must be a number of seconds` };
  const mx = known.filter(([key]) => key === "mx").map(([, value]) => patternOf(value));
  if (mx.includes(null)) return { problem: "an mx of the policy is neither a host name nor a host name after `*.`" };
  if (mx.length === 0 && mode !== "none") return { problem: "the policy names no mx" };
  return { mode: mode as StsMode, mx: mx as string[], maxAgeS: Math.min(Number(age), MAX_AGE_S), lines };
}

type Field = readonly [key: string, value: string];

function fieldOf(line: string): Field | null {
  const colon = line.indexOf(":");
  const key = trimEnd(line.slice(0, Math.max(0, colon)), " \t");
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(key) ? [key, trimBoth(line.slice(colon + 1), " \t")] : null;
}

/** The first one of a repeated field counts. */
function firstOf(fields: readonly Field[], wanted: string): string | undefined {
  return fields.find(([key]) => key === wanted)?.[1];
}

/** In the form in which hosts are compared: A-labels, small, no last dot. */
function patternOf(written: string): string | null {
  const [star, name] = written.startsWith("*.") ? ["*.", written.slice(2)] : ["", written];
  const host = parseHost(name);
  return host?.kind === "name" ? `${star}${host.host.toLowerCase()}` : null;
}

/** A star matches exactly one label on the left (RFC 8461, section 4.1). */
export function matchesMx(host: string, patterns: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  const behindFirst = name.slice(name.indexOf(".") + 1);
  return patterns.some((pattern) => (pattern.startsWith("*.") ? name.includes(".") && pattern.slice(2) === behindFirst : pattern === name));
}
