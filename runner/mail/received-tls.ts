import type { ReceivedHop } from "../../schemas/received.js";

type Tls = NonNullable<ReceivedHop["tls"]>;

/** How each mail server writes the encryption into its line. Groups: version, cipher, bits. */
const WAYS: readonly { readonly server: string; readonly pattern: RegExp }[] = [
  { server: "postfix", pattern: /using ((?:TLS|SSL)v[\d.]+) with cipher (\S+) \((\d+)\/\d+ bits\)/ },
  { server: "sendmail, Gmail, Exchange, Yahoo", pattern: /version=((?:TLS|SSL)[\w.]+),? cipher=([^\s,)]+)(?:,? bits=(\d+))?/ },
  { server: "exim before 4.90, OpenSMTPD", pattern: /^((?:TLS|SSL)v?[\d.]+):([\w-]+):(\d+)(?::\w+)?$/ },
  { server: "exim", pattern: /^((?:TLS|SSL)v?[\d.]+)$/ },
];

/** What the comments of a line say about its encryption. Exim and Haraka name the cipher in a separate clause. */
export function tlsOf(comments: readonly string[], clause: string | null): Tls | null {
  for (const comment of comments) {
    for (const { pattern } of WAYS) {
      const [, version, cipher = clause, bits] = pattern.exec(comment) ?? [];
      if (version !== undefined) return { version: usualName(version), cipher, bits: bits === undefined ? null : Number(bits) };
    }
  }
  return null;
}

/** TLS1_3, TLS1.3 and TLSv1.3 are one version. */
function usualName(version: string): string {
  return version.replaceAll("_", ".").replace(/^(TLS|SSL)v?/, "$1v");
}
