import type { Reply } from "./reply.js";

/** One line of CAPA (RFC 2449, section 5): a tag with its arguments. */
export interface Capability {
  keyword: string;
  parameters: string[];
}

export function parseCapabilities(reply: Reply): Capability[] {
  return reply.lines.flatMap((line) => {
    const [keyword, ...parameters] = line.trim().split(/[ \t]+/);
    return keyword === undefined || keyword === "" ? [] : [{ keyword: keyword.toUpperCase(), parameters }];
  });
}

function has(capabilities: readonly Capability[] | null, keyword: string): boolean {
  return capabilities?.some((capability) => capability.keyword === keyword) ?? false;
}

/** What follows the at sign and stands in brackets in a greeting (RFC 1939, section 7); in it nothing but printable ASCII counts. */
const TIMESTAMP = /<[!-;=?A-~]+@[!-;=?A-~]+>/;

/** What APOP's digest is made from; null if the server does not offer it. */
export function timestampOf(banner: string | null): string | null {
  return TIMESTAMP.exec(banner ?? "")?.[0] ?? null;
}

/**
 * The ways in which a server lets clients log in. One that does not know CAPA knows USER (RFC 1939, section 7, which is older), and
 * one that greets with a timestamp knows APOP.
 */
export function offeredMechanisms(capabilities: readonly Capability[] | null, banner: string | null): string[] {
  const sasl = (capabilities ?? []).filter(({ keyword }) => keyword === "SASL").flatMap(({ parameters }) => parameters.map((name) => name.toUpperCase()));
  const apop = timestampOf(banner) === null ? [] : ["APOP"];
  const user = capabilities === null || has(capabilities, "USER") ? ["USER"] : [];
  return [...new Set([...sasl, ...apop, ...user])];
}
