import { defineLab } from "../../runner/harness/define-lab.js";
import { type LdapServerSettings, startLdapServer } from "../../runner/lab/ldap-server.js";

const BIND = { dn: "cn=lab,dc=example,dc=org", password: "lab-password", allow_plaintext: true };
const SERVERS: readonly { name: string; summary: string; settings: LdapServerSettings; input: object }[] = [
  { name: "open", summary: "Anyone may read its tree.", settings: {}, input: { prefer: { anonymous_read: false } } },
  {
    name: "closed",
    summary: "Its tree is read after a bind.",
    settings: { isOpen: false },
    input: { bind: BIND, search: { attributes: ["o"] }, expect: { anonymous_read: false } },
  },
  { name: "wrong-password", summary: "Refuses a bind.", settings: {}, input: { bind: { ...BIND, password: "another-password" } } },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(SERVERS.map(async (each) => ({ ...each, server: await startLdapServer({ ...each.settings, port: nextPort() }) })));
    return {
      servers: running.map(({ name, summary, input, server: { host, port } }) => ({
        name,
        summary,
        input: { target_host: host, target_port: port, ...input },
      })),
      close: async () => void (await Promise.all(running.map(({ server }) => server.close()))),
    };
  },
});
