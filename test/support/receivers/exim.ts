import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificatePath } from "../certificates.js";
import { programPath } from "../programs.js";
import { makePrivateRoot } from "./private-root.js";
import { type Receiver, startReceiver } from "./receiver.js";

const EXIM = { name: "Debian-exim", id: 4001 };

/** Starts an exim of its own. It offers STARTTLS and DSN, answers the recipients of one MAIL before it looks at the next, and says 550 in its own words. */
export function startExim(): Promise<Receiver> {
  return startReceiver({
    name: "exim4",
    async prepare(root, port) {
      await makePrivateRoot(root, { [programPath("exim4") as string]: "/usr/sbin/exim4" }, [{ name: "root", id: 0 }, EXIM]);
      mkdirSync(join(root, "var/spool/exim4"));
      for (const folder of ["var/spool/exim4", "mail"]) chownSync(join(root, folder), EXIM.id, EXIM.id);
      copyFileSync(certificatePath("localhost"), join(root, "etc/certificate.pem"));
      copyFileSync(certificatePath("localhost", "key.pem"), join(root, "etc/key.pem"));
      chmodSync(join(root, "etc/key.pem"), 0o644);
      mkdirSync(join(root, "etc/exim4"));
      // Where it looks by itself: an exim that is told another place delivers without its privileges.
      writeFileSync(join(root, "etc/exim4/exim4.conf"), configuration(port));
      return ["/usr/sbin/exim4", "-bdf"];
    },
  });
}

const configuration = (port: number): string => `primary_hostname = exim.example.org
spool_directory = /var/spool/exim4
log_file_path = /var/spool/exim4/%s.log
pid_file_path = /var/spool/exim4/exim.pid
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
tls_advertise_hosts = *
tls_certificate = /etc/certificate.pem
tls_privatekey = /etc/key.pem
dsn_advertise_hosts = *
message_size_limit = 1M
host_lookup =
acl_smtp_rcpt = rcpt
acl_smtp_data = data
domainlist local_domains = example.org
begin acl
rcpt:
  accept domains = +local_domains
         verify = recipient
  deny domains = +local_domains
       message = Unknown user
  deny message = relay not permitted
data:
  deny condition = \${if match{$h_Subject:}{spam}}
       message = This message looks like spam
  accept
begin routers
local:
  driver = accept
  domains = +local_domains
  local_parts = alice : bob
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  directory = /mail/$local_part_data
  maildir_format
  create_directory
  user = ${EXIM.name}
  group = ${EXIM.name}
begin retry
* * F,1h,1m
`;
