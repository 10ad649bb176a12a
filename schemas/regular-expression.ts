import { ambiguityOf } from "./regular-expression-ambiguity.js";
import { parsePattern, UnboundedPattern } from "./regular-expression-syntax.js";

/**
 * Why a regular expression cannot be used on text from the network, or null. It must compile, and no text may make it take exponential
 * time: `(a+)+$` needs minutes for forty letters.
 */
export function patternFault(pattern: string): string | null {
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    return (error as Error).message.replace(/^Invalid regular expression: /, "");
  }
  try {
    return ambiguityOf(parsePattern(pattern));
  } catch (error) {
    if (error instanceof UnboundedPattern) return error.message;
    throw error;
  }
}

export function isUsablePattern(pattern: string): boolean {
  return patternFault(pattern) === null;
}
