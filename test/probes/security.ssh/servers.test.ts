import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/security.ssh/schema.js";
import { run } from "../../../runner/harness/run.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";

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
async function openSsh(lines: readonly string[] = []): Promise<Map<string, { bits: number; sha256: string }>> {
  const kinds = [
    ["ed25519", "256"],
    ["ecdsa", "384"],
    ["rsa", "3072"],
  ] as const;
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

realServer("dropbear", ["dropbear", "ssh-keygen"], () => {
  test("its key is verified", async () => {
    running = await runDaemon("dropbear", programPath("dropbear") as string, (folder, port) => {
      execFileSync("dropbearkey", ["-t", "ed25519", "-f", join(folder, "key")], { stdio: "ignore" });
      return ["-F", "-E", "-p", `127.0.0.1:${port}`, "-r", join(folder, "key"), "-P", join(folder, "pid")];
    });
    const shown = execFileSync("dropbearkey", ["-y", "-f", join(running.folder, "key")], { encoding: "utf8" });
    writeFileSync(join(running.folder, "key.pub"), shown.split("\n").find((line) => line.startsWith("ssh-ed25519 ")) as string);
    const [, sha256] = keygen("-l", "-f", join(running.folder, "key.pub")).split(" ");
    expect(await ask()).toMatchObject({
      failure: null,
      host_keys: [{ type: "ssh-ed25519", bits: 256, sha256, verified: true }],
      software: expect.stringMatching(/^dropbear/),
    });
  });
});
