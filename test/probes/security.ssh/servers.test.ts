import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/security.ssh/schema.js";
import { run } from "../../../runner/harness/run.js";
import { realServer } from "../../support/real-servers.js";
import type { RunningDaemon } from "../../support/run-daemon.js";
import { type OpenSsh, startDropbear, startOpenSsh } from "../../support/ssh-servers.js";
import { auditedFacts, fingerprintsOf, scannedFingerprints, sshFacts } from "../../support/ssh-tools.js";

let running: RunningDaemon | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function ask(input: object = {}): Promise<Output> {
  const target = { target_host: "127.0.0.1", target_port: running?.port, command_timeout_ms: 15_000 };
  return (await run("security.ssh", { ...target, ...input } as never)).output as Output;
}

/** A server with a key of each kind, and what ssh-keygen says of them. */
async function openSsh(lines: readonly string[] = [], moreKinds: readonly "dsa"[] = []): Promise<OpenSsh["keys"]> {
  const server = await startOpenSsh(lines, moreKinds);
  running = server;
  return server.keys;
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
    expect(fingerprintsOf(output)).toEqual(await scannedFingerprints(running as RunningDaemon, "rsa,dsa,ecdsa,ed25519"));
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
    ["dropbear", async () => (running = await startDropbear())],
  ])("%s: banner, algorithms and fingerprints are the same", async (_, start) => {
    await start();
    const output = await ask({ all_host_keys: true, group_sizes: true });
    expect(sshFacts(output)).toEqual(await auditedFacts(running?.port as number));
  });
});

realServer("dropbear", ["dropbear", "ssh-keygen", "ssh-keyscan"], () => {
  test("all host keys of one run are those of ssh-keyscan", async () => {
    running = await startDropbear();
    const output = await ask({ all_host_keys: true });
    expect(output).toMatchObject({ failure: null, host_keys: new Array(3).fill({ verified: true }), software: expect.stringMatching(/^dropbear/) });
    expect(fingerprintsOf(output)).toEqual(await scannedFingerprints(running, "rsa,ecdsa,ed25519"));
  });
});
