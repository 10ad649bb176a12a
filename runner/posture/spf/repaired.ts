import { isAddress } from "../../../schemas/host.js";
import { parseSpfRecord } from "../../mail/spf/record.js";

/** A modifier with the name of a mechanism: receivers ignore it, and its owner meant a colon. */
const MISTAKEN = /^(?:all|include|a|mx|ptr|ip4|ip6|exists)=/i;

export function mistakenTerms(record: string | null): string[] {
  return (record ?? "").split(" ").filter((term) => MISTAKEN.test(term));
}

/** More text than any record has is not repaired. */
const MAX_CHARACTERS = 4000;

/**
 * What the owner of a record that cannot be read meant, by the mistakes that are made most; null where that is not certain. It never allows every
 * address.
 */
export function repairedRecord(text: string): string | null {
  if (text.length > MAX_CHARACTERS) return null;
  const [, rest] = /^[\s"']*(?:v\s*=\s*)?["']?spf1?0?(?![\w.])[\s;,]*(.*)$/is.exec(text) ?? [];
  if (rest === undefined) return null;
  const joined = rest
    .replace(/["']/g, "")
    .replace(/[;,\s]+/g, " ")
    .replace(/(^| )([+?~-]?)(include|a|mx|ptr|ip4|ip6|ipv4|ipv6|ip|exists)[:=] /gi, "$1$2$3:")
    .replace(/(^| )([+?~-]) all(?= |$)/gi, "$1$2all");
  const repaired = [
    "v=spf1",
    ...joined
      .split(" ")
      .filter((term) => term !== "")
      .map(repairedTerm),
  ].join(" ");
  const parsed = parseSpfRecord(repaired);
  return "problem" in parsed || repaired === text ? null : repaired;
}

function repairedTerm(written: string): string {
  const [, sign = "", name = "", rest = ""] = /^([+?~-]?)([a-z0-9]+)(.*)$/is.exec(written) ?? [];
  const word = name.toLowerCase();
  if (word === "all" && rest === "" && (sign === "" || sign === "+")) return "~all";
  if (word === "redirect" && /^[:=]/.test(rest)) return `redirect=${rest.slice(1)}`;
  if (MISTAKEN.test(`${word}=`) && rest.startsWith("=")) return repairedTerm(`${sign}${name}:${rest.slice(1)}`);
  return repairedNetwork(sign, word, rest) ?? bareAddress(written) ?? written;
}

/** Names of mechanisms that take an address in the words of other systems, and a and mx of an address. */
function repairedNetwork(sign: string, word: string, rest: string): string | null {
  if (!["ip", "ipv4", "ipv6", "a", "mx"].includes(word) || !rest.startsWith(":")) return null;
  const address = bareAddress(rest.slice(1));
  return address === null ? null : `${sign}${address}`;
}

function bareAddress(written: string): string | null {
  const [host = ""] = written.split("/");
  if (!isAddress(host)) return null;
  return host.includes(":") ? `ip6:${written}` : `ip4:${written}`;
}
