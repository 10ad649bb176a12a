import type { Output } from "../../probes/security.ldap/schema.js";
import { programPath } from "../../test/support/programs.js";
import { LDAP_ADMIN, LDAP_BASE, startSlapd } from "../../test/support/slapd.js";
import type { Comparison } from "./comparison.js";
import { linesOf, outputOf } from "./program-output.js";

/** Attributes of the root DSE, by the names that the output has for them. */
const ROOT_DSE = {
  naming_contexts: "namingContexts",
  ldap_versions: "supportedLDAPVersion",
  sasl_mechanisms: "supportedSASLMechanisms",
  extensions: "supportedExtension",
  controls: "supportedControl",
  features: "supportedFeatures",
} as const;

export const ldap: Comparison = {
  probe: "security.ldap",
  programs: ["slapd", "ldapsearch", "ldapwhoami"],
  async compare(ask) {
    const server = await startSlapd("by * read");
    try {
      const search = { scope: "one", filter: "(objectClass=organizationalUnit)", attributes: ["ou"] };
      const bind = { ...LDAP_ADMIN, allow_plaintext: true };
      const output = await ask<Output>("security.ldap", { target_host: "127.0.0.1", target_port: server.port, bind, search });
      const words = ["-x", "-H", `ldap://127.0.0.1:${server.port}`, "-D", LDAP_ADMIN.dn, "-w", LDAP_ADMIN.password];
      const tool = async (program: "ldapsearch" | "ldapwhoami", more: readonly string[]) =>
        linesOf((await outputOf(programPath(program) as string, [...words, ...more], { LDAPNOINIT: "1" })).stdout);
      const root = await tool("ldapsearch", ["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", "", ...Object.values(ROOT_DSE)]);
      const found = await tool("ldapsearch", ["-LLL", "-o", "ldif-wrap=no", "-s", "one", "-b", LDAP_BASE, search.filter, "ou"]);
      const [whoAmI] = await tool("ldapwhoami", []);
      const own = Object.keys(ROOT_DSE).map((name) => [name, output.root_dse?.[name as keyof typeof ROOT_DSE].toSorted()]);
      const theirs = Object.entries(ROOT_DSE).map(([name, attribute]) => [name, valuesOf(root, attribute).toSorted()]);
      return [
        {
          ...{ subject: "root DSE, a bind and a search of slapd", peer: "ldapsearch and ldapwhoami" },
          ours: { ...Object.fromEntries(own), who_am_i: output.who_am_i, entries: output.search?.entries.map(({ dn }) => dn) },
          theirs: { ...Object.fromEntries(theirs), who_am_i: whoAmI, entries: valuesOf(found, "dn") },
        },
      ];
    } finally {
      await server.stop();
    }
  },
};

function valuesOf(lines: readonly string[], attribute: string): string[] {
  return lines.filter((line) => line.startsWith(`${attribute}: `)).map((line) => line.slice(attribute.length + 2));
}
