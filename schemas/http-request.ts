import { parseTarget } from "./host.js";

/** Why a text cannot be used as the URL of a request, with all of its faults, or null. */
export function urlFault(written: string): string | null {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(written) || /^[^/:]+:\d+(\/|$)/.test(written)) return "begin it with https:// or http://";
  if (!/^https?:\/\//i.test(written)) return "the scheme must be http:// or https://";
  if (/^https?:\/\/[/?#]/i.test(written)) return "its host is missing after the two slashes";
  const faults = [
    // A parser of URLs drops line feeds and turns backslashes around: what it would change is refused.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    ...(/[\u0000-\u0020\u007f\\]/.test(written) ? ["write blanks and control characters as %20, %0A and so on"] : []),
    ...(/^https?:\/\/[^/?#]*@/i.test(written) ? ["give the user name and the password in auth"] : []),
    ...(written.includes("#") ? ["leave out the fragment: it is never sent"] : []),
  ];
  if (faults.length > 0) return faults.join("; ");
  if (!URL.canParse(written)) return "it is no URL";
  return parseTarget(new URL(written).hostname.replace(/^\[(.*)\]$/, "$1")) === null ? "its host is neither a host name nor an IP address" : null;
}

export function isHttpUrl(written: string): boolean {
  return urlFault(written) === null;
}

/** RFC 9110, section 5.1. */
export function isFieldName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

/** RFC 9110, section 5.5: no control characters, and no blank at its ends. */
export function isFieldValue(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value) && value === value.trim();
}
