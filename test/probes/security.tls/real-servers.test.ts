import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/security.tls/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";
import { certificate, EC, EVERYTHING_OF_NGINX, RSA, startTlsNginx } from "../../support/tls-servers.js";

const open: RunningDaemon[] = [];
afterEach(async () => {
  for (const daemon of open.splice(0)) await daemon.stop();
});

async function scan(port: number, input: Record<string, unknown> = {}): Promise<Output> {
  const given = { target_host: "127.0.0.1", target_port: port, servername: "localhost", budget: 300, verify: "ignore", command_timeout_ms: 60_000, ...input };
  return (await runReport("security.tls", given, { timeoutMs: 170_000 })).envelope.output as Output;
}

/** What sslscan finds: suites by version with OpenSSL's names, and groups. */
async function sslscan(port: number): Promise<{ suites: Record<string, number>; groups: Record<string, string[]> }> {
  const { stdout } = await promisify(execFile)(
    programPath("sslscan") as string,
    ["--no-colour", "--no-check-certificate", "--sni-name=localhost", `127.0.0.1:${port}`],
    { timeout: 120_000 },
  );
  const suites: Record<string, number> = {};
  for (const [, version = ""] of stdout.matchAll(/^(?:Accepted|Preferred)\s+(\S+)\s/gm)) suites[version] = (suites[version] ?? 0) + 1;
  const groups: Record<string, string[]> = {};
  for (const [, version = "", name = ""] of stdout.matchAll(/^(TLSv1\.[23])\s+\d+ bits\s+(\S+)/gm)) {
    groups[version] ??= [];
    groups[version].push(name);
  }
  return { suites, groups };
}

function counted({ protocols }: Output): Record<string, number> {
  const offered = protocols.filter(({ suites }) => suites.length > 0);
  return Object.fromEntries(offered.map(({ version, suites }) => [version === "TLSv1" ? "TLSv1.0" : version, suites.length]));
}

describe("security.tls beside sslscan", () => {
  realServer("security.tls on nginx", ["nginx", "sslscan"], () => {
    test("a server with both certificates and everything that OpenSSL has: the same suites and groups", { timeout: 180_000 }, async () => {
      const server = await startTlsNginx({ rsa: RSA, ec: EC }, EVERYTHING_OF_NGINX);
      open.push(server);
      const output = await scan(server.port);
      const other = await sslscan(server.port);
      expect(output.failure).toBeNull();
      expect(output.incomplete).toEqual([]);
      expect(counted(output)).toEqual(other.suites);
      expect(output.groups).toEqual(["x25519", "secp256r1", "secp384r1"]);
      expect(other.groups["TLSv1.2"]?.sort()).toEqual([...output.groups].sort());
      expect(output.certificates.map(({ key_algorithm, key_bits, curve, matches_name }) => [key_algorithm, key_bits, curve, matches_name]).sort()).toEqual([
        ["ec", 384, "P-384", true],
        ["rsa", 2048, null, true],
      ]);
      expect(output.protocols.find(({ version }) => version === "TLSv1.2")?.preference).toBe("server");
      expect(output.alpn.slice(0, 2)).toEqual(["h2", "http/1.1"]);
      expect(output.features).toMatchObject({ compression: false, secure_renegotiation: true, fallback_scsv: true, resumption: true, ocsp_staple: "none" });
      expect(output.verdict.result).toBe("broken");
      expect(output.verdict.broken.map(({ rule }) => rule)).toEqual(
        expect.arrayContaining(["protocol_not_allowed", "suite_not_allowed", "no_forward_secrecy"]),
      );
    });

    test("Mozilla's intermediate configuration meets its policy, and a smaller budget says what is missing", { timeout: 180_000 }, async () => {
      const suites =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
      const tls = ["ssl_protocols TLSv1.2 TLSv1.3", `ssl_ciphers ${suites}`, "ssl_ecdh_curve X25519:prime256v1:secp384r1"];
      const server = await startTlsNginx({ rsa: RSA }, tls);
      open.push(server);
      const output = await scan(server.port, { policy: "mozilla-intermediate", budget: 100 });
      expect(output.verdict).toMatchObject({ policy: "mozilla-intermediate", result: "met", broken: [] });
      expect(counted(output)).toEqual((await sslscan(server.port)).suites);
      const cut = await scan(server.port, { policy: "mozilla-intermediate", budget: 12 });
      expect(cut.connections).toBe(12);
      expect(cut.incomplete.map(({ reason }) => reason)).toContain("the budget of 12 connections is used up");
      expect(cut.verdict.result).toBe("unknown");
    });
  });

  realServer("security.tls on caddy", ["caddy", "sslscan"], () => {
    test("Go's TLS: the same suites and groups", { timeout: 180_000 }, async () => {
      const server = await runDaemon("caddy", programPath("caddy") as string, (folder, port) => {
        certificate(folder, "ec", EC);
        writeFileSync(
          join(folder, "Caddyfile"),
          `{\n  admin off\n  auto_https off\n  storage file_system ${folder}\n}\nhttps://localhost:${port} {\n  bind 127.0.0.1\n  tls ${folder}/ec.pem ${folder}/ec.key\n  respond "ok"\n}\n`,
        );
        return ["run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
      });
      open.push(server);
      const output = await scan(server.port);
      const other = await sslscan(server.port);
      expect(output.incomplete).toEqual([]);
      expect(counted(output)).toEqual(other.suites);
      expect([...output.groups].sort()).toEqual(other.groups["TLSv1.3"]?.sort());
      expect(output.certificates.map(({ key_algorithm }) => key_algorithm)).toEqual(["ec"]);
      expect(output.alpn).toContain("h2");
    });
  });

  realServer("security.tls on GnuTLS", ["gnutls-serv", "sslscan"], () => {
    test("a server that is not OpenSSL's: the same suites, and TLS 1.0 to 1.3", { timeout: 180_000 }, async () => {
      const server = await runDaemon("gnutls-serv", programPath("gnutls-serv") as string, (folder, port) => {
        certificate(folder, "rsa", RSA);
        return [
          "--port",
          String(port),
          "--x509certfile",
          join(folder, "rsa.pem"),
          "--x509keyfile",
          join(folder, "rsa.key"),
          "--priority",
          "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1",
          "--http",
        ];
      });
      open.push(server);
      const output = await scan(server.port);
      const other = await sslscan(server.port);
      expect(output.incomplete).toEqual([]);
      expect(output.protocols.filter(({ offered }) => offered).map(({ version }) => version)).toEqual(["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]);
      expect(counted(output)).toEqual(other.suites);
    });
  });
});
