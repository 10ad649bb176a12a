import type { HttpVersion } from "../../../schemas/http.js";

/** One header field as it came; its name in lower case. */
export type Field = readonly [name: string, value: string];

/** Everything but the body of a response. */
export interface ResponseHead {
  readonly version: HttpVersion;
  readonly status: number;
  /** Empty in HTTP/2, which has none. */
  readonly reason: string;
  readonly fields: readonly Field[];
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Beside Host and Content-Length, in the order in which they are sent. */
  readonly fields: readonly Field[];
  readonly body: Buffer | null;
  /** auto: HTTP/2 if TLS negotiates it. */
  readonly version: "auto" | "1.1" | "2";
}

export function fieldValues(fields: readonly Field[], name: string): string[] {
  return fields.flatMap(([each, value]) => (each === name ? [value] : []));
}

/** The values of a field as one list (RFC 9110, section 5.3); null if there is no such field. */
export function fieldValue(fields: readonly Field[], name: string): string | null {
  const values = fieldValues(fields, name);
  return values.length === 0 ? null : values.join(", ");
}

/** Set-Cookie is the one field whose values cannot be joined (RFC 9110, section 5.3): it is a list. */
export function headersOf(fields: readonly Field[]): Record<string, string | string[]> {
  const names = [...new Set(fields.map(([name]) => name))];
  return Object.fromEntries(names.map((name) => [name, name === "set-cookie" ? fieldValues(fields, name) : (fieldValue(fields, name) as string)]));
}

/** The path and query as in a request. */
export function targetOf(url: URL): string {
  return `${url.pathname}${url.search}`;
}

export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

/** The host as a socket takes it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}
