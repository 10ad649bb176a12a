import { type Field, fieldValue, fieldValues } from "../../../runner/net/http/message.js";
import type { TlsScan } from "../../../runner/tls-scan/scan-target.js";
import type { Rule } from "../schema.js";

/** What the rules judge: the page's response, and what other requests showed. */
export interface Page {
  readonly url: URL;
  readonly fields: readonly Field[];
  readonly html: string;
  /** Where plain HTTP led, step by step; null if nothing answered there. */
  readonly plain: { readonly status: number; readonly location: string | null } | null;
  /** The response to a request from a foreign origin; null if there was none. */
  readonly cors: readonly Field[] | null;
  readonly foreignOrigin: string;
  /** The scan of the page's TLS server; null if there was none. */
  readonly scan: TlsScan | null;
  readonly securityTxt: { readonly status: number; readonly text: string; readonly type: string | null } | null;
}

type Result = Omit<Rule, "rule">;

/** Rules of one family, by their names. */
export type Rules = Readonly<Record<string, (page: Page) => Result>>;

export function pass(message: string, evidence: string[] = []): Result {
  return { result: "pass", message, evidence, fix: null };
}

export function not(result: Exclude<Result["result"], "pass">, message: string, evidence: string[], fix: string | null = null): Result {
  return { result, message, evidence, fix };
}

/** The fields of a name, as evidence. */
export function shown(fields: readonly Field[], name: string): string[] {
  return fieldValues(fields, name).map((value) => `${name}: ${value}`);
}

/** A structured token without its parameters (RFC 9651, section 3.3.4). Tokens are case-sensitive. */
export function tokenOf(fields: readonly Field[], name: string): string {
  return (fieldValue(fields, name) ?? "").split(";")[0]?.trim() ?? "";
}
