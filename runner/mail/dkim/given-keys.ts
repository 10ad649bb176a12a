import type { DkimProblem } from "../../../schemas/dkim.js";
import { asciiDomain } from "../../../schemas/host.js";
import type { KeySource } from "./key-source.js";
import { isSigningKey, parseSigningKey, type WrittenKey } from "./signing-key.js";

/** Keys that were handed over, as an input or the environment holds them. Each is parsed once. */
export function givenKeys(written: readonly WrittenKey[]): KeySource {
  const parsed = written.map((key) => ({ domain: asciiDomain(key.domain), key: parseSigningKey(key) }));
  return {
    async keysOf(domain) {
      const own = parsed.filter((one) => one.domain === domain).map(({ key }) => key);
      return { keys: own.filter(isSigningKey), problems: own.filter((key): key is DkimProblem => !isSigningKey(key)) };
    },
    hint: (domain) =>
      `give one for ${domain}; ${written.length === 0 ? "none is given" : `there are keys for ${[...new Set(parsed.map((one) => one.domain))].join(", ")}`}`,
  };
}
