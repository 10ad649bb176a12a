import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "../../runner/lab/self-signed.js";
import { programPath } from "./programs.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

export const LDAP_BASE = "dc=example,dc=org";
export const LDAP_ADMIN = { dn: `cn=admin,${LDAP_BASE}`, password: "correct-horse" };

const ENTRIES = `dn: ${LDAP_BASE}
objectClass: top
objectClass: dcObject
objectClass: organization
o: Example
dc: example

${[1, 2, 3, 4, 5].map((number) => `dn: ou=unit${number},${LDAP_BASE}\nobjectClass: organizationalUnit\nou: unit${number}\ndescription: Grüße ${number}\n`).join("\n")}`;

/** An account for SCRAM, which needs the password as it is. */
export const LDAP_PERSON = { username: "ann", password: "correct-horse-2" };
const PERSON = `
dn: cn=${LDAP_PERSON.username},${LDAP_BASE}
objectClass: person
cn: ${LDAP_PERSON.username}
sn: Example
userPassword: ${LDAP_PERSON.password}
`;

/** An OpenLDAP server with six entries and StartTLS. `access` is an access rule, as by * none. */
export function startSlapd(access: string, { withPerson = false, clientAuthority = null as string | null } = {}): Promise<RunningDaemon> {
  return runDaemon("slapd", programPath("slapd") as string, (folder, port) => {
    const { certificate, key } = selfSigned({ names: ["localhost", "127.0.0.1"] });
    writeFileSync(join(folder, "cert.pem"), certificate);
    writeFileSync(join(folder, "key.pem"), key);
    if (clientAuthority !== null) writeFileSync(join(folder, "clients.pem"), clientAuthority);
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "entries.ldif"), withPerson ? ENTRIES + PERSON : ENTRIES);
    const lines = [
      ...["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`),
      "modulepath /usr/lib/ldap",
      "moduleload back_mdb",
      `TLSCertificateFile ${folder}/cert.pem`,
      `TLSCertificateKeyFile ${folder}/key.pem`,
      ...(clientAuthority === null ? [] : [`TLSCACertificateFile ${folder}/clients.pem`, "TLSVerifyClient try"]),
      `pidfile ${folder}/slapd.pid`,
      "password-hash {CLEARTEXT}",
      `authz-regexp "uid=([^,]*),cn=scram-sha-256,cn=auth" "cn=$1,${LDAP_BASE}"`,
      "database mdb",
      `suffix "${LDAP_BASE}"`,
      `rootdn "${LDAP_ADMIN.dn}"`,
      `rootpw ${LDAP_ADMIN.password}`,
      `directory ${folder}/data`,
      `access to * ${access}`,
      "",
    ];
    writeFileSync(join(folder, "slapd.conf"), lines.join("\n"));
    execFileSync("/usr/sbin/slapadd", ["-f", join(folder, "slapd.conf"), "-l", join(folder, "entries.ldif")], { stdio: "ignore" });
    return ["-f", join(folder, "slapd.conf"), "-h", `ldap://127.0.0.1:${port}`, "-d", "0"];
  });
}
