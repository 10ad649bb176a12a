import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/security.tls/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";
import { EC, EVERYTHING_OF_NGINX, EVERYTHING_OF_OPENSSL, RSA, startOpenssl, startTlsNginx } from "../../support/tls-servers.js";

const open: RunningDaemon[] = [];
afterEach(async () => {
  for (const daemon of open.splice(0)) await daemon.stop();
});

/** Its names of versions, and ours. */
const VERSIONS: Readonly<Record<string, string>> = { SSLv3: "SSLv3", TLS1: "TLSv1", TLS1_1: "TLSv1.1", TLS1_2: "TLSv1.2", TLS1_3: "TLSv1.3" };

interface Finding {
  readonly id: string;
  readonly finding: string;
}

/** What testssl.sh finds: whether each version is offered, and its suites by IANA name. */
async function testssl({ folder, port }: RunningDaemon): Promise<{ versions: Record<string, boolean>; suites: Record<string, string[]> }> {
  const file = join(folder, "testssl.json");
  const options = ["--warnings", "batch", "--quiet", "--color", "0", "--nodns", "none", "--protocols", "--cipher-per-proto", "--jsonfile", file];
  // It ends with the number of its warnings.
  await promisify(execFile)(programPath("testssl") as string, [...options, `127.0.0.1:${port}`], { timeout: 500_000 }).catch((error: { code?: unknown }) => {
    if (typeof error.code !== "number") throw error;
  });
  const findings = JSON.parse(readFileSync(file, "utf8")) as Finding[];
  const versions: Record<string, boolean> = {};
  const suites: Record<string, string[]> = {};
  for (const { id, finding } of findings) {
    const version = VERSIONS[id];
    if (version !== undefined) versions[version] = /^offered/.test(finding);
    const [, proto = ""] = /^cipher-([a-z0-9_]+)_x/.exec(id) ?? [];
    const [name] = /TLS_[A-Z0-9_]+/.exec(finding) ?? [];
    if (name === undefined) continue;
    const own = Object.values(VERSIONS).find((each) => each.toLowerCase().replace("v", "").replace(".", "_") === proto) ?? proto;
    suites[own] ??= [];
    suites[own].push(name);
  }
  return { versions, suites: Object.fromEntries(Object.entries(suites).map(([version, names]) => [version, [...new Set(names)].sort()])) };
}

realServer("security.tls beside testssl.sh", ["testssl", "nginx", "openssl"], () => {
  test.each([
    ["nginx", () => startTlsNginx({ rsa: RSA, ec: EC }, EVERYTHING_OF_NGINX), 4],
    ["s_server", () => startOpenssl(EVERYTHING_OF_OPENSSL), 1],
  ] as const)("%s with all that OpenSSL has: the same versions and suites", { timeout: 600_000 }, async (_, start, parallel) => {
    const server = await start();
    open.push(server);
    const input = { target_host: "127.0.0.1", target_port: server.port, servername: "localhost", budget: 300, verify: "ignore", parallel };
    const ours = (await runReport("security.tls", { ...input, command_timeout_ms: 60_000 }, { timeoutMs: 170_000 })).envelope.output as Output;
    const theirs = await testssl(server);
    expect(ours).toMatchObject({ failure: null, incomplete: [] });
    expect(Object.fromEntries(ours.protocols.map(({ version, offered }) => [version, offered]))).toEqual(theirs.versions);
    const found = ours.protocols.filter(({ suites }) => suites.length > 0).map(({ version, suites }) => [version, [...suites].sort()]);
    expect(Object.fromEntries(found)).toEqual(theirs.suites);
  });
});
