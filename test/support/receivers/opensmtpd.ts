import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { certificatePath } from "../certificates.js";
import { programPath } from "../programs.js";
import { makePrivateRoot } from "./private-root.js";
import { type Receiver, startReceiver } from "./receiver.js";

const VMAIL = { name: "vmail", id: 4002, home: "/mail" };
const ACCOUNTS = [{ name: "root", id: 0 }, { name: "opensmtpd", id: 4003, home: "/var/lib/opensmtpd/empty" }, { name: "opensmtpq", id: 4004 }, VMAIL];

/**
 * Starts an opensmtpd of its own. Its reply to an unknown recipient is "mailing list expansion problem". It offers STARTTLS, and Debian 12's
 * breaks in every handshake: its keys live in a process apart, in a way that OpenSSL 3 no longer allows. A sender meets such servers.
 */
export function startOpenSmtpd(): Promise<Receiver> {
  return startReceiver({
    name: "opensmtpd",
    async prepare(root, port) {
      const smtpd = programPath("smtpd") as string;
      const helpers = join(dirname(dirname(smtpd)), "libexec/opensmtpd");
      const programs = { [smtpd]: "/usr/sbin/smtpd", "/bin/sh": "/bin/sh", [join(helpers, "mail.maildir")]: "/usr/libexec/opensmtpd/mail.maildir" };
      await makePrivateRoot(root, programs, ACCOUNTS);
      for (const folder of ["var/lib/opensmtpd/empty", "var/spool/smtpd"]) mkdirSync(join(root, folder), { recursive: true });
      chmodSync(join(root, "var/spool/smtpd"), 0o711);
      chownSync(join(root, "mail"), VMAIL.id, VMAIL.id);
      copyFileSync(certificatePath("localhost"), join(root, "etc/certificate.pem"));
      copyFileSync(certificatePath("localhost", "key.pem"), join(root, "etc/key.pem"));
      chmodSync(join(root, "etc/key.pem"), 0o600);
      writeFileSync(join(root, "etc/smtpd.conf"), configuration(port));
      return ["/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"];
    },
  });
}

const configuration = (port: number): string => `pki opensmtpd.example.org cert "/etc/certificate.pem"
pki opensmtpd.example.org key "/etc/key.pem"
table users { alice = ${VMAIL.name}, bob = ${VMAIL.name} }
listen on 127.0.0.1 port ${port} hostname opensmtpd.example.org tls pki opensmtpd.example.org
smtp max-message-size 1M
queue ttl 1h
action "mailbox" maildir "/mail/%{rcpt.user}" virtual <users>
match from any for domain "example.org" action "mailbox"
`;
