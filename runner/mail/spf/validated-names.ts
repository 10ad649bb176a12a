import type { Check } from "./check.js";
import { parseIp, readableText, reverseDomain } from "./ip-address.js";
import { SPF_LIMITS, SpfError } from "./lookups.js";

/** The client's names whose addresses lead back to it (RFC 7208, section 5.5). A failed look-up validates nothing. */
export async function validatedNames({ address, lookups }: Check): Promise<string[]> {
  const client = readableText(address);
  const names = await orEmpty(lookups.ask(reverseDomain(address), "PTR"));
  const validated: string[] = [];
  for (const written of names.slice(0, SPF_LIMITS.reverseNames)) {
    const name = written.replace(/\.$/, "");
    const addresses = await orEmpty(lookups.ask(name, address.family === 4 ? "A" : "AAAA"));
    const isBack = addresses.some((text) => {
      const parsed = parseIp(text);
      return parsed !== null && readableText(parsed) === client;
    });
    if (isBack) validated.push(name);
  }
  return validated;
}

async function orEmpty(answer: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SpfError && error.result === "temperror") return [];
    throw error;
  }
}
