import { X509Certificate } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/security.tls/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { accepted, handshake, suitesTaken } from "../../support/openssl-client.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";
import { EC, EVERYTHING_OF_NGINX, EVERYTHING_OF_OPENSSL, RSA, startOpenssl, startTlsNginx } from "../../support/tls-servers.js";

const open: RunningDaemon[] = [];
afterEach(async () => {
  for (const daemon of open.splice(0)) await daemon.stop();
});

const VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
/** By IANA name, as openssl names them. */
const GROUPS: Readonly<Record<string, string>> = {
  x25519: "X25519",
  x448: "X448",
  secp256r1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
  ffdhe2048: "ffdhe2048",
  ffdhe3072: "ffdhe3072",
  ffdhe4096: "ffdhe4096",
  ffdhe6144: "ffdhe6144",
  ffdhe8192: "ffdhe8192",
};
const KEYS = { RSA: "RSA+SHA256:RSA-PSS+SHA256", ECDSA: "ECDSA+SHA256:ECDSA+SHA384" };

async function scan(port: number, parallel: number): Promise<Output> {
  const input = { target_host: "127.0.0.1", target_port: port, servername: "localhost", budget: 300, verify: "ignore", command_timeout_ms: 60_000, parallel };
  return (await runReport("security.tls", input, { timeoutMs: 170_000 })).envelope.output as Output;
}

const SERVERS: Readonly<Record<string, { readonly start: () => Promise<RunningDaemon>; readonly parallel: number }>> = {
  "nginx with all that OpenSSL has": { start: () => startTlsNginx({ rsa: RSA, ec: EC }, EVERYTHING_OF_NGINX), parallel: 4 },
  "nginx with TLS 1.2 alone": {
    start: () => startTlsNginx({ rsa: RSA }, ["ssl_protocols TLSv1.2", "ssl_ciphers ECDHE+AESGCM:DHE+AESGCM:AES128-SHA", "ssl_ecdh_curve prime256v1"]),
    parallel: 4,
  },
  "s_server with all of it": { start: () => startOpenssl(EVERYTHING_OF_OPENSSL), parallel: 1 },
  "s_server with TLS 1.3 and finite fields": { start: () => startOpenssl(["-tls1_3", "-groups", "ffdhe2048:P-521:X448", "-alpn", "acme-tls/1"]), parallel: 1 },
};

realServer("security.tls beside openssl s_client", ["openssl", "nginx"], () => {
  describe.each(Object.entries(SERVERS))("%s", (_, { start, parallel }) => {
    test("the same versions, suites, groups, protocols and certificates", { timeout: 180_000 }, async () => {
      const server = await start();
      open.push(server);
      const ours = await scan(server.port, parallel);
      expect(ours).toMatchObject({ failure: null, incomplete: [] });

      const taken = await Promise.all(VERSIONS.map((version) => suitesTaken(server.port, version)));
      for (const [index, version] of VERSIONS.entries()) {
        const suites = taken[index] as string[];
        const own = ours.protocols.find((protocol) => protocol.version === version);
        expect([version, [...(own?.suites ?? [])].sort()]).toEqual([version, suites]);
        expect([version, own?.offered]).toEqual([version, suites.length > 0]);
        if (suites.length === 0 || version < "TLSv1.2") continue;
        const groups = await accepted(server.port, version, groupQuestions(version));
        const found = ours.groups_by_version.find((each) => each.version === version)?.groups ?? [];
        // Before TLS 1.3, openssl's client chooses among elliptic curves by this option alone.
        if (version === "TLSv1.3") expect([...found].sort()).toEqual(groups);
        else if (found.length > 0) expect(found.filter((group) => !group.startsWith("ffdhe")).sort()).toEqual(groups);
      }

      for (const protocol of ["h2", "http/1.1", "http/1.0"]) {
        const said = await handshake(server.port, null, ["-alpn", protocol]);
        const isChosen = said?.includes(`ALPN protocol: ${protocol}`) ?? false;
        if (ours.alpn.includes(protocol) || isChosen) expect([protocol, ours.alpn.includes(protocol)]).toEqual([protocol, isChosen]);
      }

      const shown = await Promise.all(Object.values(KEYS).map((schemes) => handshake(server.port, null, ["-sigalgs", schemes, "-cipher", "ALL:@SECLEVEL=0"])));
      const fingerprints = shown.flatMap((text) => /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text ?? "")?.[0] ?? []).map(fingerprintOf);
      expect([...new Set(ours.certificates.map(({ fingerprint_sha256: own }) => own.replaceAll(":", "").toLowerCase()))].sort()).toEqual(
        [...new Set(fingerprints)].sort(),
      );
    });
  });
});

function groupQuestions(version: string): Map<string, readonly string[]> {
  const suites = version === "TLSv1.3" ? [] : ["-cipher", "ECDHE:@SECLEVEL=0"];
  const names = Object.entries(GROUPS).filter(([name]) => version === "TLSv1.3" || !name.startsWith("ffdhe"));
  return new Map(names.map(([name, own]) => [name, ["-groups", own, ...suites]]));
}

function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}
