import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/security.tls/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";
import { certificate, EC, RSA, startTlsNginx } from "../../support/tls-servers.js";

const TEST_TIMEOUT_MS = 900_000;

const open: RunningDaemon[] = [];
afterEach(async () => {
  for (const daemon of open.splice(0)) await daemon.stop();
});

interface Scanned {
  readonly versions: readonly string[];
  readonly suites: readonly string[];
  readonly groups: readonly string[];
}

/** What testssl.sh finds, with the names of IANA; of suites, those with forward secrecy, which is all that the servers here have. */
async function testssl(port: number): Promise<Scanned> {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-testssl-"));
  try {
    const file = join(folder, "found.json");
    const quiet = ["--nodns", "none", "--warnings", "off", "--color", "0", "--quiet"];
    // It names its own version after the git repository that it is started in, so it is started elsewhere.
    await promisify(execFile)(
      programPath("testssl") as string,
      [...quiet, "--mapping", "rfc", "--jsonfile", file, "--protocols", "--fs", `127.0.0.1:${port}`],
      { cwd: folder, timeout: TEST_TIMEOUT_MS },
    );
    const found = new Map((JSON.parse(readFileSync(file, "utf8")) as { id: string; finding: string }[]).map(({ id, finding }) => [id, finding]));
    const listOf = (id: string): string[] => (found.get(id) ?? "").split(" ").filter((word) => word !== "");
    return {
      versions: Object.keys(VERSIONS).flatMap((id) => (found.get(id)?.startsWith("offered") ? [VERSIONS[id] as string] : [])),
      suites: listOf("PFS_ciphers").sort(),
      groups: [...listOf("PFS_ECDHE_curves"), ...listOf("DH_groups")].map((name) => GROUPS[name] ?? name.toLowerCase()).sort(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const VERSIONS: Readonly<Record<string, string>> = { SSLv2: "SSLv2", SSLv3: "SSLv3", TLS1: "TLSv1", TLS1_1: "TLSv1.1", TLS1_2: "TLSv1.2", TLS1_3: "TLSv1.3" };
const GROUPS: Readonly<Record<string, string>> = { prime256v1: "secp256r1" };

async function scan(port: number): Promise<Scanned & { readonly output: Output }> {
  const given = { target_host: "127.0.0.1", target_port: port, servername: "localhost", budget: 300, verify: "ignore", command_timeout_ms: 60_000 };
  const output = (await runReport("security.tls", given, { timeoutMs: 300_000 })).envelope.output as Output;
  const offered = output.protocols.filter((protocol) => protocol.offered);
  return {
    output,
    versions: offered.map(({ version }) => version),
    suites: [...new Set(offered.flatMap(({ suites }) => suites))].sort(),
    groups: [...output.groups].sort(),
  };
}

async function expectSameAndFaster(port: number): Promise<void> {
  const began = performance.now();
  const { output, ...ours } = await scan(port);
  const oursMs = performance.now() - began;
  expect(output.incomplete).toEqual([]);
  const beganThere = performance.now();
  const theirs = await testssl(port);
  const theirsMs = performance.now() - beganThere;
  expect(theirs.suites.length).toBeGreaterThan(3);
  expect(ours).toEqual(theirs);
  expect(oursMs).toBeLessThan(theirsMs / 10);
}

realServer("security.tls beside testssl.sh", ["testssl", "nginx", "gnutls-serv"], () => {
  test("OpenSSL with both certificates: the same versions, suites and groups, in a tenth of the time", { timeout: TEST_TIMEOUT_MS }, async () => {
    const server = await startTlsNginx({ rsa: RSA, ec: EC }, ["ssl_protocols TLSv1.2 TLSv1.3", "ssl_ciphers ECDHE:!aNULL"]);
    open.push(server);
    await expectSameAndFaster(server.port);
  });

  test("GnuTLS: the same versions, suites and groups, in a tenth of the time", { timeout: TEST_TIMEOUT_MS }, async () => {
    const server = await runDaemon("gnutls-serv", programPath("gnutls-serv") as string, (folder, port) => {
      certificate(folder, "rsa", RSA);
      const files = ["--x509certfile", join(folder, "rsa.pem"), "--x509keyfile", join(folder, "rsa.key")];
      return ["--port", String(port), ...files, "--priority", "NORMAL:-RSA", "--http"];
    });
    open.push(server);
    await expectSameAndFaster(server.port);
  });
});
