import type { Check } from "./check.js";
import { parseIp, readableText, reverseDomain } from "./ip-address.js";
import { type Asking, SPF_LIMITS, type SpfAnswer, SpfError } from "./lookups.js";

/** The client's names whose addresses lead back to it (RFC 7208, section 5.5). A failed look-up validates nothing. */
export function* validatedNames({ address, lookups }: Check): Asking<string[]> {
  const client = readableText(address);
  const names = yield* orEmpty(lookups.ask(reverseDomain(address), "PTR"));
  const validated: string[] = [];
  for (const written of names.slice(0, SPF_LIMITS.reverseNames)) {
    const name = written.replace(/\.$/, "");
    const addresses = yield* orEmpty(lookups.ask(name, address.family === 4 ? "A" : "AAAA"));
    const isBack = addresses.some((text) => {
      const parsed = parseIp(text);
      return parsed !== null && readableText(parsed) === client;
    });
    if (isBack) validated.push(name);
  }
  return validated;
}

function* orEmpty(asking: Asking<SpfAnswer>): Asking<SpfAnswer> {
  try {
    return yield* asking;
  } catch (error) {
    if (error instanceof SpfError && error.result === "temperror") return [];
    throw error;
  }
}
