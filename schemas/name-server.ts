import { isAddress, isDomain } from "./host.js";

/** Where a name server is, and how it is asked. */
export interface NameServer {
  /** plain: UDP, and TCP for answers that do not fit. tls: RFC 7858. https: RFC 8484. */
  readonly transport: "plain" | "tls" | "https";
  readonly address: string;
  readonly port: number;
  /** The name that its certificate must have; null: its address. */
  readonly servername: string | null;
  /** Of DNS over HTTPS. */
  readonly path: string | null;
}

export const DNS_PORTS = { plain: 53, tls: 853, https: 443 } as const;
export const USUAL_HTTPS_PATH = "/dns-query";

/** The path has printable ASCII without the number sign and the backslash. */
const FORM = /^(?:(tls|https):\/\/)?(?:\[([^\]]+)\]|([^:[\]/#]+))(?::(\d{1,5}))?(\/[!"$-[\]-~]*)?(?:#([^#]+))?$/;

/** Reads `192.0.2.1`, `[2001:db8::1]:53`, `tls://192.0.2.1#dns.example.org` or `https://192.0.2.1/dns-query#dns.example.org`. */
export function parseNameServer(written: string): NameServer | null {
  const bare = { transport: "plain", port: DNS_PORTS.plain, servername: null, path: null } as const;
  if (isAddress(written)) return { ...bare, address: written };
  const found = FORM.exec(written);
  if (found === null) return null;
  const [, scheme, bracketed, plain, port, path, servername] = found;
  const transport = (scheme ?? "plain") as NameServer["transport"];
  const address = bracketed ?? plain ?? "";
  const number = Number(port ?? DNS_PORTS[transport]);
  // IPv6 without brackets ends at its first colon here.
  if (!isAddress(address) || number < 1 || number > 65_535) return null;
  if ((path !== undefined && transport !== "https") || (servername !== undefined && (transport === "plain" || !isDomain(servername)))) return null;
  return { transport, address, port: number, servername: servername ?? null, path: transport === "https" ? (path ?? USUAL_HTTPS_PATH) : null };
}

export function isNameServer(written: string): boolean {
  return parseNameServer(written) !== null;
}
