import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificatePath } from "../certificates.js";
import { programPath } from "../programs.js";
import { makePrivateRoot } from "./private-root.js";
import { type Receiver, startReceiver } from "./receiver.js";

const EXIM = { name: "Debian-exim", id: 4001 };

export interface EximOptions {
  /** Verify the sender by a callout to the server at this port of the loopback, which is the mail host of each domain but our own. */
  readonly senderCallout?: number;
}

/** Starts a private exim. It offers STARTTLS and DSN, answers each RCPT before it reads the next, and refuses in its own words. */
export function startExim({ senderCallout }: EximOptions = {}): Promise<Receiver> {
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
      // The default path: with any other configuration file exim drops its privileges before it delivers.
      writeFileSync(join(root, "etc/exim4/exim4.conf"), configuration(port, senderCallout ?? null));
      return ["/usr/sbin/exim4", "-bdf"];
    },
  });
}

const configuration = (port: number, callout: number | null): string => `primary_hostname = exim.example.org
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
${callout === null ? "" : "  require verify = sender/callout=5s\n"}  accept domains = +local_domains
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
${callout === null ? "" : CALLOUT_ROUTER}begin transports
${callout === null ? "" : calloutTransport(callout)}mailbox:
  driver = appendfile
  directory = /mail/$local_part_data
  maildir_format
  create_directory
  user = ${EXIM.name}
  group = ${EXIM.name}
begin retry
* * F,1h,1m
`;

const CALLOUT_ROUTER = `senders:
  driver = manualroute
  domains = ! +local_domains
  route_list = * 127.0.0.1
  self = send
  transport = callout
`;

const calloutTransport = (port: number): string => `callout:
  driver = smtp
  port = ${port}
  allow_localhost
`;
