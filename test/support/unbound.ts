import { certificatePath } from "./certificates.js";
import { type NameServer, startDaemon } from "./nsd.js";

/**
 * Starts unbound as a resolver that queries the server on `port` for these zones, and no other server. With the keys of signed zones
 * (DNSKEY or DS, as lines of a master file) it validates.
 */
export async function startUnbound(zones: readonly string[], port: number, keys: readonly string[] = [], encrypted?: EncryptedPorts): Promise<NameServer> {
  const stubs = zones.map((zone) => `stub-zone:\n  name: "${zone}."\n  stub-addr: 127.0.0.1@${port}`);
  return startDaemon("unbound", (folder, own) =>
    [
      "server:",
      "  interface: 127.0.0.1",
      `  port: ${own}`,
      ...(encrypted === undefined ? [] : linesFor(encrypted)),
      "  access-control: 127.0.0.0/8 allow",
      '  username: ""',
      '  chroot: ""',
      `  directory: "${folder}"`,
      '  pidfile: ""',
      "  use-syslog: no",
      "  do-daemonize: no",
      "  num-threads: 1",
      `  module-config: "${keys.length > 0 ? "validator " : ""}iterator"`,
      ...keys.map((key) => `  trust-anchor: "${key}"`),
      "  do-not-query-localhost: no",
      // Queries for names outside the zones are not sent anywhere.
      '  root-hints: "/dev/null"',
      "remote-control:",
      "  control-enable: no",
      ...stubs,
    ].join("\n"),
  );
}

export interface EncryptedPorts {
  /** DNS over TLS. */
  readonly tls: number;
  /** DNS over HTTPS, at /dns-query. */
  readonly https: number;
}

function linesFor({ tls, https }: EncryptedPorts): string[] {
  return [
    `  interface: 127.0.0.1@${tls}`,
    `  interface: 127.0.0.1@${https}`,
    `  tls-port: ${tls}`,
    `  https-port: ${https}`,
    `  tls-service-key: "${certificatePath("localhost", "key.pem")}"`,
    `  tls-service-pem: "${certificatePath("localhost")}"`,
    "  ede: yes",
  ];
}
