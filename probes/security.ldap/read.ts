import { isUtf8 } from "node:buffer";
import { encodeFilter } from "../../runner/net/ldap/filter.js";
import type { Entry } from "../../runner/net/ldap/message.js";
import type { LdapSession } from "../../runner/net/ldap/session.js";
import { round } from "../../runner/run/clock.js";
import type { Input, Output } from "./schema.js";

const EVERYTHING = encodeFilter("(objectClass=*)");
/** RFC 4511, section 4.5.1.8: no attribute at all. */
const NO_ATTRIBUTES = ["1.1"];
const TIME_LIMIT_SECONDS = 10;
const MAX_VALUES = 200;
const MAX_VALUE_BYTES = 1024;
const NAMES = {
  ldap_versions: "supportedLDAPVersion",
  naming_contexts: "namingContexts",
  sasl_mechanisms: "supportedSASLMechanisms",
  extensions: "supportedExtension",
  controls: "supportedControl",
  features: "supportedFeatures",
  vendor_name: "vendorName",
  vendor_version: "vendorVersion",
  dns_host_name: "dnsHostName",
} as const;

/** RFC 4512, section 5.1. Null if it may not be read. */
export async function readRootDse(session: LdapSession): Promise<Output["root_dse"]> {
  const search = { base: "", scope: "base", filter: EVERYTHING, attributes: Object.values(NAMES), sizeLimit: 1, timeLimitSeconds: TIME_LIMIT_SECONDS } as const;
  const { entries } = await session.search("root DSE", search);
  const [entry] = entries;
  if (entry === undefined) return null;
  const all = (name: keyof typeof NAMES): string[] => valuesOf(entry, NAMES[name]).slice(0, MAX_VALUES);
  const one = (name: keyof typeof NAMES): string | null => all(name)[0] ?? null;
  return {
    ldap_versions: all("ldap_versions"),
    naming_contexts: all("naming_contexts"),
    sasl_mechanisms: all("sasl_mechanisms"),
    extensions: all("extensions"),
    controls: all("controls"),
    features: all("features"),
    vendor_name: one("vendor_name"),
    vendor_version: one("vendor_version"),
    dns_host_name: one("dns_host_name"),
  };
}

/** Whether the first tree can be read before any bind; only its name is asked for. */
export async function anonymousRead(session: LdapSession, rootDse: Output["root_dse"]): Promise<boolean | null> {
  const base = rootDse?.naming_contexts[0];
  if (base === undefined || base === "") return null;
  const search = { base, scope: "base", filter: EVERYTHING, attributes: NO_ATTRIBUTES, sizeLimit: 1, timeLimitSeconds: TIME_LIMIT_SECONDS } as const;
  return (await session.search("anonymous read", search)).entries.length > 0;
}

export async function runSearch(session: LdapSession, wanted: NonNullable<Input["search"]>, rootDse: Output["root_dse"]): Promise<Output["search"]> {
  const { scope, filter, attributes, max_entries: sizeLimit } = wanted;
  const base = wanted.base ?? rootDse?.naming_contexts[0] ?? "";
  const asked = attributes.length === 0 ? NO_ATTRIBUTES : attributes;
  const outcome = await session.search("SEARCH", {
    base,
    scope,
    filter: encodeFilter(filter),
    attributes: asked,
    sizeLimit,
    timeLimitSeconds: TIME_LIMIT_SECONDS,
  });
  const { result, entries, references, firstEntryMs, durationMs } = outcome;
  return {
    result_code: result.code,
    result: result.name,
    diagnostic: result.diagnostic,
    entry_count: entries.length,
    references: [...result.referrals],
    reference_count: references,
    first_entry_ms: firstEntryMs === null ? null : round(firstEntryMs),
    search_ms: durationMs,
    entries: attributes.length === 0 ? [] : entries.map((entry) => shown(entry, attributes)),
  };
}

function shown(entry: Entry, attributes: readonly string[]): NonNullable<Output["search"]>["entries"][number] {
  return {
    dn: entry.dn,
    attributes: attributes.map((name) => ({ name, values: valuesOf(entry, name).slice(0, MAX_VALUES) })).filter(({ values }) => values.length > 0),
  };
}

/** Servers write names of attributes as they like. */
function valuesOf({ attributes }: Entry, name: string): string[] {
  const found = Object.keys(attributes).find((each) => each.toLowerCase() === name.toLowerCase());
  return found === undefined
    ? []
    : (attributes[found] ?? []).map((value) =>
        isUtf8(value) ? value.toString("utf8").slice(0, MAX_VALUE_BYTES) : value.subarray(0, MAX_VALUE_BYTES).toString("base64"),
      );
}
