import { asciiDomain } from "../../../schemas/host.js";
import type { SecretReference } from "../../../schemas/secret.js";
import type { Mailbox } from "../../net/smtp/mailbox.js";
import type { Violation } from "../../support/request-error.js";
import { isSigningKey, parseSigningKey } from "./signing-key.js";

/** A key as an input holds it. */
interface GivenKey {
  readonly domain: string;
  readonly selector: string;
  readonly private_key: string | SecretReference;
}

/** What is wrong with the keys that every message of an author is to be signed with; null if the author is not known. References are skipped. */
export function signingKeyViolations(pointer: string, keys: readonly GivenKey[], author: Pick<Mailbox, "host"> | null): Violation[] {
  const faults = keys.flatMap(({ domain, selector, private_key: key }, index): Violation[] => {
    if (typeof key !== "string") return [];
    const parsed = parseSigningKey({ domain, selector, privateKey: key });
    return isSigningKey(parsed) ? [] : [{ pointer: `${pointer}/${index}/private_key`, message: `cannot sign: ${parsed.message}`, hint: null }];
  });
  const domains = keys.map(({ domain }) => asciiDomain(domain));
  const written = author?.host.host.toLowerCase();
  if (written === undefined || domains.length === 0 || domains.some((domain) => written === domain || written.endsWith(`.${domain}`))) return faults;
  const message = `there is no key for ${written}, the domain of From: there are keys for ${[...new Set(domains)].join(", ")}`;
  return [...faults, { pointer, message, hint: null }];
}
