import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/security.ssh/schema.js";
import { run } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";

const execute = promisify(execFile);
let running: RunningDaemon | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function ask(input: object = {}): Promise<Output> {
  const target = { target_host: "127.0.0.1", target_port: running?.port, command_timeout_ms: 15_000 };
  return (await run("security.ssh", { ...target, ...input } as never)).output as Output;
}

const keygen = (...arguments_: string[]): string => execFileSync(programPath("ssh-keygen") as string, arguments_, { encoding: "utf8" });

/** A server with a key of each kind, and what ssh-keygen says of them. */
async function openSsh(lines: readonly string[] = [], moreKinds: readonly "dsa"[] = []): Promise<Map<string, { bits: number; sha256: string }>> {
  const kinds = [["ed25519", "256"], ["ecdsa", "384"], ["rsa", "3072"], ...moreKinds.map((kind) => [kind, "1024"] as const)] as const;
  // Debian's sshd wants this folder, whatever its configuration is.
  mkdirSync("/run/sshd", { recursive: true });
  running = await runDaemon("sshd", programPath("sshd") as string, (folder, port) => {
    for (const [kind, bits] of kinds) keygen("-q", "-t", kind, "-b", bits, "-N", "", "-f", join(folder, kind));
    const keys = kinds.map(([kind]) => `HostKey ${join(folder, kind)}`);
    writeFileSync(
      join(folder, "sshd_config"),
      [`Port ${port}`, "ListenAddress 127.0.0.1", "UsePAM no", "StrictModes no", "PidFile none", ...keys, ...lines, ""].join("\n"),
    );
    return ["-D", "-e", "-f", join(folder, "sshd_config")];
  });
  const { folder } = running;
  return new Map(
    kinds.map(([kind]) => {
      const [bits, sha256] = keygen("-l", "-f", join(folder, `${kind}.pub`)).split(" ");
      const [type] = readFileSync(join(folder, `${kind}.pub`), "utf8").split(" ");
      return [type as string, { bits: Number(bits), sha256: sha256 as string }];
    }),
  );
}

realServer("OpenSSH", ["sshd", "ssh-keygen"], () => {
  test("its host keys are those of ssh-keygen, each proved by a signature", async () => {
    const keys = await openSsh();
    const algorithms = ["ssh-ed25519", "ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256"];
    const output = await ask({ host_key_algorithms: algorithms });
    expect(output).toMatchObject({ failure: null, protocol_version: "2.0", lines_before: [], negotiated: { host_key: "ssh-ed25519" } });
    expect(output.banner).toMatch(/^SSH-2\.0-OpenSSH_/);
    expect(output.host_keys).toEqual([...keys].map(([type, { bits, sha256 }]) => ({ type, bits, sha256, verified: true, known: null })));
    expect(output.post_quantum).toBe(true);
    expect(output.algorithms?.key_exchange).toContain("curve25519-sha256");
  });

  test.each(["ecdh-sha2-nistp256", "ecdh-sha2-nistp521", "diffie-hellman-group14-sha256", "diffie-hellman-group16-sha512", "diffie-hellman-group1-sha1"])(
    "a key exchange by %s ends with a signature that is right",
    async (method) => {
      await openSsh([`KexAlgorithms ${method}`]);
      const output = await ask();
      expect(output).toMatchObject({ failure: null, negotiated: { key_exchange: method }, host_keys: [{ verified: true }] });
      expect(output.findings.some(({ reason }) => reason === "weak_key_exchange")).toBe(method.endsWith("sha1"));
    },
  );

  test("a known key is recognised, and another is an error", async () => {
    const keys = await openSsh();
    const known = keys.get("ssh-ed25519")?.sha256;
    expect(await ask({ known_keys: [known], policy: "none" })).toMatchObject({ status: "ok", host_keys: [{ known: true }] });
    expect(await ask({ known_keys: [`SHA256:${"A".repeat(43)}`] })).toMatchObject({ status: "error", host_keys: [{ known: false }] });
  });

  test("weak algorithms are named one by one", async () => {
    await openSsh([
      "Ciphers 3des-cbc,aes128-cbc,chacha20-poly1305@openssh.com",
      "MACs hmac-md5,umac-64@openssh.com,hmac-sha2-256",
      "HostKeyAlgorithms ssh-rsa",
    ]);
    const { findings, host_keys } = await ask();
    expect(findings.map(({ actual }) => actual)).toEqual(expect.arrayContaining(["3des-cbc", "aes128-cbc", "hmac-md5", "umac-64@openssh.com", "ssh-rsa"]));
    expect(host_keys).toMatchObject([{ type: "ssh-rsa", bits: 3072, verified: true }]);
  });
});

realServer("OpenSSH beside its own tools", ["sshd", "ssh-keygen", "ssh-keyscan"], () => {
  test("all host keys of one run are those of ssh-keyscan, DSA included", async () => {
    await openSsh(["HostKeyAlgorithms +ssh-rsa,ssh-dss"], ["dsa"]);
    const output = await ask({ all_host_keys: true });
    expect(output.host_keys.map(({ type }) => type).sort()).toEqual(["ecdsa-sha2-nistp384", "ssh-dss", "ssh-ed25519", "ssh-rsa"]);
    expect(output).toMatchObject({ failure: null, host_keys: output.host_keys.map(() => ({ verified: true, known: null })) });
    expect(fingerprints(output)).toEqual(await scanned("rsa,dsa,ecdsa,ed25519"));
  });

  test("the smallest group is read in a connection of its own, and its signature is right", async () => {
    await openSsh();
    const output = await ask({ group_sizes: true });
    expect(output).toMatchObject({ failure: null, host_keys: [{ verified: true }] });
    expect(output.group_exchange_bits).toBeGreaterThanOrEqual(2048);
    expect(output.operations.map(({ name }) => name)).toContain("group exchange group");
  });

  test.each(["sha256", "sha1"])("a server that only has diffie-hellman-group-exchange-%s is verified", async (hash) => {
    const method = `diffie-hellman-group-exchange-${hash}`;
    await openSsh([`KexAlgorithms ${method}`]);
    const output = await ask();
    expect(output).toMatchObject({ failure: null, negotiated: { key_exchange: method }, host_keys: [{ verified: true }], post_quantum: false });
    expect(output.findings.map(({ reason }) => reason)).toContain("no_post_quantum");
  });
});

realServer("OpenSSH and dropbear beside ssh-audit", ["sshd", "ssh-keygen", "dropbear", "ssh-audit"], () => {
  test.each([
    ["OpenSSH", () => openSsh()],
    ["dropbear", dropbear],
  ])("%s: banner, algorithms and fingerprints are the same", async (_, start) => {
    await start();
    const output = await ask({ all_host_keys: true, group_sizes: true });
    expect(facts(output)).toEqual(await audited());
  });
});

/** What ssh-audit reads of the running server, in the same shape as facts(). It shows no fingerprint of an ECDSA key. */
async function audited(): Promise<object> {
  const words = ["-j", "-t", "30", "-p", String(running?.port), "127.0.0.1"];
  // Its exit code says that it found weak algorithms.
  const { stdout } = await execute(programPath("ssh-audit") as string, words).catch((error: { stdout: string }) => error);
  const { banner, enc, mac, kex, key, fingerprints } = JSON.parse(stdout) as AuditReport;
  return {
    banner: banner.raw,
    key_exchange: kex.map(({ algorithm }) => algorithm),
    host_key: key.map(({ algorithm }) => algorithm),
    encryption: enc,
    mac,
    fingerprints: fingerprints
      .filter(({ hash_alg }) => hash_alg === "SHA256")
      .map(({ hostkey, hash }) => `${hostkey} SHA256:${hash}`)
      .sort(),
    rsa_bits: key.find(({ algorithm }) => algorithm.startsWith("rsa-sha2-"))?.keysize,
    group_exchange_bits: kex.find(({ algorithm }) => algorithm === "diffie-hellman-group-exchange-sha256")?.keysize ?? null,
  };
}

interface AuditReport {
  readonly banner: { raw: string };
  readonly enc: string[];
  readonly mac: string[];
  readonly kex: { algorithm: string; keysize?: number }[];
  readonly key: { algorithm: string; keysize?: number }[];
  readonly fingerprints: { hostkey: string; hash_alg: string; hash: string }[];
}

function facts({ banner, algorithms, host_keys, group_exchange_bits }: Output): object {
  const shown = host_keys.filter(({ type }) => !type.startsWith("ecdsa-"));
  return {
    banner,
    key_exchange: algorithms?.key_exchange,
    host_key: algorithms?.host_key,
    encryption: algorithms?.encryption_to_client,
    mac: algorithms?.mac_to_client,
    fingerprints: shown.map(({ type, sha256 }) => `${type} ${sha256}`).sort(),
    rsa_bits: host_keys.find(({ type }) => type === "ssh-rsa")?.bits,
    group_exchange_bits,
  };
}

const fingerprints = ({ host_keys }: Output): string[] => host_keys.map(({ type, bits, sha256 }) => `${type} ${bits} ${sha256}`).sort();

/** The fingerprints of what ssh-keyscan gets. */
async function scanned(types: string): Promise<string[]> {
  const { folder, port } = running as RunningDaemon;
  const { stdout } = await execute(programPath("ssh-keyscan") as string, ["-T", "30", "-t", types, "-p", String(port), "127.0.0.1"]);
  const keys = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return keys
    .map((line, at) => {
      const [, type = "", key = ""] = line.split(" ");
      writeFileSync(join(folder, `scanned-${at}.pub`), `${type} ${key}\n`);
      const [bits, sha256] = keygen("-l", "-f", join(folder, `scanned-${at}.pub`)).split(" ");
      return `${type} ${bits} ${sha256}`;
    })
    .sort();
}

async function dropbear(): Promise<void> {
  running = await runDaemon("dropbear", programPath("dropbear") as string, (folder, port) => {
    const keys = ["ed25519", "ecdsa", "rsa"].flatMap((kind) => {
      execFileSync("dropbearkey", ["-t", kind, "-f", join(folder, kind)], { stdio: "ignore" });
      return ["-r", join(folder, kind)];
    });
    return ["-F", "-E", "-p", `127.0.0.1:${port}`, ...keys, "-P", join(folder, "pid")];
  });
}

realServer("dropbear", ["dropbear", "ssh-keygen", "ssh-keyscan"], () => {
  test("all host keys of one run are those of ssh-keyscan", async () => {
    await dropbear();
    const output = await ask({ all_host_keys: true });
    expect(output).toMatchObject({ failure: null, host_keys: new Array(3).fill({ verified: true }), software: expect.stringMatching(/^dropbear/) });
    expect(fingerprints(output)).toEqual(await scanned("rsa,ecdsa,ed25519"));
  });
});
