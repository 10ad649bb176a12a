import { defineLab } from "../../runner/harness/define-lab.js";
import { type SshServerSettings, startSshServer } from "../../runner/lab/ssh-server.js";

const SERVERS: readonly { name: string; summary: string; settings: SshServerSettings }[] = [
  { name: "modern", summary: "Current algorithms only.", settings: {} },
  {
    name: "old",
    summary: "Also offers what is no longer safe.",
    settings: {
      algorithms: {
        key_exchange: ["curve25519-sha256", "diffie-hellman-group1-sha1"],
        encryption_to_server: ["chacha20-poly1305@openssh.com", "3des-cbc"],
        encryption_to_client: ["chacha20-poly1305@openssh.com", "3des-cbc"],
      },
    },
  },
  { name: "impostor", summary: "Shows a host key that it does not have.", settings: { isImpostor: true } },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startSshServer({ ...each.settings, port: nextPort() }) })));
    return {
      servers: running.map(({ name, summary, server: { host, port } }) => ({ name, summary, input: { target_host: host, target_port: port } })),
      close: async () => void (await Promise.all(running.map(({ server }) => server.close()))),
    };
  },
});
