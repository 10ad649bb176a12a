import { parseTarget } from "../../schemas/host.js";
import { type AddressRange, addressUse, parseRange, rangeContains } from "../net/transport/address-policy.js";
import type { TargetPolicy } from "../run/run-targets.js";
import { RequestError } from "../support/request-error.js";

interface Allowed {
  readonly ranges: readonly AddressRange[];
  /** `mx.example.org`, or `.example.org` for every name under it. */
  readonly names: readonly string[];
  readonly isPublicAllowed: boolean;
}

/**
 * What --allow-target and --deny-private allow: `public`, an address, a range (10.1.0.0/16), a host name, or every name under a domain
 * (*.example.org). Without a pattern everything is allowed. With `denyPrivate`, only an address or a range can allow a private address: control of
 * the DNS of an allowed name must not give access to this network.
 */
export function allowedTargets(patterns: readonly string[], denyPrivate: boolean): TargetPolicy {
  const { ranges, names, isPublicAllowed } = readPatterns(patterns);
  return {
    key: `${denyPrivate} ${patterns.join(" ")}`,
    refusalOf: (address, host) => {
      if (ranges.some((range) => rangeContains(range, address))) return null;
      const { scope, standard } = addressUse(address);
      const shown = host === null || host === address ? address : `${host} (${address})`;
      if (scope !== "global" && denyPrivate) return `${shown} is not a public address (${scope}, ${standard})`;
      if (patterns.length === 0 || (scope === "global" && isPublicAllowed)) return null;
      return host !== null && isNamed(names, host) ? null : `${shown} is not an allowed target`;
    },
  };
}

function isNamed(names: readonly string[], host: string): boolean {
  const name = host.toLowerCase();
  return names.some((each) => (each.startsWith(".") ? name.endsWith(each) : name === each));
}

function readPatterns(patterns: readonly string[]): Allowed {
  const ranges: AddressRange[] = [];
  const names: string[] = [];
  for (const pattern of patterns) {
    if (pattern === "public") continue;
    const range = parseRange(pattern);
    const name = range === null ? nameIn(pattern) : null;
    if (range !== null) ranges.push(range);
    else if (name !== null) names.push(name);
    else throw notTarget(pattern);
  }
  return { ranges, names, isPublicAllowed: patterns.includes("public") };
}

function nameIn(pattern: string): string | null {
  const isDomain = pattern.startsWith("*.");
  const host = parseTarget(isDomain ? pattern.slice(2) : pattern);
  if (host?.kind !== "name") return null;
  return `${isDomain ? "." : ""}${host.host.toLowerCase()}`;
}

function notTarget(pattern: string): RequestError {
  const hint = "write public, an address, a range such as 10.1.0.0/16, a host name, or *.example.org";
  return new RequestError(`--allow-target cannot use ${JSON.stringify(pattern)}`, "usage", [{ pointer: "", message: "it is not a target", hint }]);
}
