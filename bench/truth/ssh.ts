import type { Output } from "../../probes/security.ssh/schema.js";
import type { RunningDaemon } from "../../test/support/run-daemon.js";
import { startDropbear, startOpenSsh } from "../../test/support/ssh-servers.js";
import { auditedFacts, fingerprintsOf, scannedFingerprints, sshFacts } from "../../test/support/ssh-tools.js";
import type { Ask, Beside, Comparison } from "./comparison.js";

export const ssh: Comparison = {
  probe: "security.ssh",
  programs: ["sshd", "dropbear", "ssh-keygen", "ssh-keyscan", "ssh-audit"],
  async compare(ask) {
    return [...(await besides(ask, "OpenSSH", startOpenSsh())), ...(await besides(ask, "dropbear", startDropbear()))];
  },
};

async function besides(ask: Ask, subject: string, starting: Promise<RunningDaemon>): Promise<Beside[]> {
  const server = await starting;
  try {
    const target = { target_host: "127.0.0.1", target_port: server.port, command_timeout_ms: 15_000 };
    const output = await ask<Output>("security.ssh", { ...target, all_host_keys: true, group_sizes: true });
    const fingerprints = await scannedFingerprints(server, "rsa,ecdsa,ed25519");
    return [
      { subject, peer: "ssh-keyscan", ours: { "fingerprints and sizes": fingerprintsOf(output) }, theirs: { "fingerprints and sizes": fingerprints } },
      { subject, peer: "ssh-audit", ours: sshFacts(output), theirs: await auditedFacts(server.port) },
    ];
  } finally {
    await server.stop();
  }
}
