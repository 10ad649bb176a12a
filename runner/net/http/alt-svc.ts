/** One service that a response advertises. */
export interface Alternative {
  protocol: string;
  host: string;
  port: number;
  max_age_s: number;
}

const MOST = 16;
const DEFAULT_MAX_AGE_S = 86_400;
const ENTRY = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)="([^"]{0,255}):([0-9]{1,5})"\s*((?:;[^,]*)?)$/;

/** The services of an Alt-Svc field (RFC 7838, section 3); what cannot be read is left out, and `clear` is none. */
export function alternativesOf(value: string | null): Alternative[] {
  return (value ?? "").split(",", MOST).flatMap((written) => {
    const [, protocol, host, port, parameters] = ENTRY.exec(written) ?? [];
    if (protocol === undefined) return [];
    const age = /;\s*ma=([0-9]{1,9})\b/.exec(parameters ?? "")?.[1];
    return [{ protocol: percentDecoded(protocol), host: host as string, port: Number(port), max_age_s: Number(age ?? DEFAULT_MAX_AGE_S) }];
  });
}

function percentDecoded(protocol: string): string {
  try {
    return decodeURIComponent(protocol);
  } catch {
    return protocol;
  }
}
