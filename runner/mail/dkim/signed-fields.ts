import type { HeaderField } from "./header-fields.js";

/**
 * Signed once more often than they occur, even if they are absent: no field that a reader sees can be added on the way
 * (RFC 6376, section 8.15). Legitimate relays add none of these.
 */
const SEALED = ["from", "to", "cc", "subject", "reply-to", "in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding"] as const;

/**
 * Signed with a further empty instance if present, so that none can be added. A relay may add a missing one (RFC 6409, section 8.2 and 8.3), which
 * must not break the signature.
 */
const SEALED_IF_PRESENT = ["date", "message-id"] as const;

/** Signed once per instance. A mailing list adds its own and may leave the rest unchanged, which must not break the signature either. */
const SIGNED = [
  "sender",
  "resent-from",
  "resent-sender",
  "resent-to",
  "resent-cc",
  "resent-date",
  "resent-message-id",
  "list-id",
  "list-help",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "list-subscribe",
  "list-post",
  "list-owner",
  "list-archive",
  "content-id",
  "content-description",
  "content-disposition",
  "content-language",
  "auto-submitted",
  "feedback-id",
  "autocrypt",
  "openpgp",
] as const;

/** The names in h=, and the fields with these names that exist, in the same order. */
export interface SignedFields {
  readonly names: readonly string[];
  readonly fields: readonly HeaderField[];
}

/** A name that occurs several times in h= means the fields from the last one upwards (RFC 6376, section 5.4.2). */
export function signedFields(all: readonly HeaderField[]): SignedFields {
  const byName = new Map<string, HeaderField[]>();
  for (const field of all) {
    const same = byName.get(field.name);
    if (same === undefined) byName.set(field.name, [field]);
    else same.unshift(field);
  }
  const names: string[] = [];
  const fields: HeaderField[] = [];
  const take = (name: string, sealed: boolean): void => {
    const present = byName.get(name) ?? [];
    for (const field of present) {
      names.push(name);
      fields.push(field);
    }
    if (sealed) names.push(name);
  };
  for (const name of SEALED) take(name, true);
  for (const name of SEALED_IF_PRESENT) take(name, byName.has(name));
  for (const name of SIGNED) take(name, false);
  return { names, fields };
}
