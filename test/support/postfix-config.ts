import { certificatePath } from "./certificates.js";

export interface PostfixPlan {
  folder: string;
  ports: PostfixPorts;
  /** The socket on which dovecot answers who may log in. */
  authSocket: string;
  /** The owner of the mailboxes. */
  userId: number;
  groupId: number;
}

export interface PostfixPorts {
  /** No TLS, no AUTH. */
  plain: number;
  /** Offers STARTTLS. */
  starttls: number;
  /** TLS from the first byte (smtps). */
  implicit: number;
  /** STARTTLS and then AUTH, both required. */
  submission: number;
}

export function mainCf({ folder, authSocket, userId, groupId }: PostfixPlan, more: Readonly<Record<string, string>> = {}): string {
  return settings({
    compatibility_level: "3.6",
    queue_directory: `${folder}/queue`,
    data_directory: `${folder}/data`,
    maillog_file: `${folder}/log/postfix.log`,
    maillog_file_prefixes: folder,
    myhostname: "mx.example.org",
    myorigin: "example.org",
    mydestination: "",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    mynetworks: "127.0.0.0/8",
    // Names come from the file of hosts only: a test asks no name server.
    smtpd_peername_lookup: "no",
    disable_dns_lookups: "yes",
    alias_maps: "",
    alias_database: "",
    local_recipient_maps: "",
    local_transport: "error:no local delivery",
    default_transport: "error:no delivery to elsewhere",
    relayhost: "",
    smtpd_relay_restrictions: "permit_sasl_authenticated, reject_unauth_destination",
    virtual_mailbox_domains: "example.org",
    virtual_mailbox_base: `${folder}/mail`,
    virtual_mailbox_maps: "static:inbox/",
    virtual_minimum_uid: "1",
    virtual_uid_maps: `static:${userId}`,
    virtual_gid_maps: `static:${groupId}`,
    smtpd_tls_cert_file: certificatePath("localhost"),
    smtpd_tls_key_file: certificatePath("localhost", "key.pem"),
    smtpd_tls_security_level: "none",
    smtpd_sasl_type: "dovecot",
    smtpd_sasl_path: authSocket,
    smtpd_sasl_auth_enable: "no",
    // Our own parameter, used in master.cf: who may submit mail at the submission port.
    submission_recipient_restrictions: "permit_sasl_authenticated, reject",
    // Tests are many clients at once, from one address.
    smtpd_client_connection_count_limit: "0",
    smtpd_error_sleep_time: "0",
    ...more,
  });
}

/** As Debian's own, with every chroot column set to n: the private queue directory holds no copy of the system's files. */
export function masterCf({ ports }: PostfixPlan): string {
  return `${[
    `127.0.0.1:${ports.plain} inet n - n - - smtpd`,
    `127.0.0.1:${ports.starttls} inet n - n - - smtpd`,
    "  -o smtpd_tls_security_level=may",
    `127.0.0.1:${ports.implicit} inet n - n - - smtpd`,
    "  -o smtpd_tls_wrappermode=yes",
    `127.0.0.1:${ports.submission} inet n - n - - smtpd`,
    "  -o smtpd_tls_security_level=encrypt",
    "  -o smtpd_sasl_auth_enable=yes",
    "  -o smtpd_tls_auth_only=yes",
    "  -o smtpd_recipient_restrictions=$submission_recipient_restrictions",
    "pickup unix n - n 60 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "verify unix - - n - 1 verify",
    "flush unix n - n 1000? 0 flush",
    "proxymap unix - - n - - proxymap",
    "smtp unix - - n - - smtp",
    "lmtp unix - - n - - lmtp",
    "showq unix n - n - - showq",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "discard unix - - n - - discard",
    "virtual unix - n n - - virtual",
    "anvil unix - - n - 1 anvil",
    "scache unix - - n - 1 scache",
    "postlog unix-dgram n - n - 1 postlogd",
  ].join("\n")}\n`;
}

export function settings(values: Readonly<Record<string, string>>): string {
  return `${Object.entries(values)
    .map(([name, value]) => `${name} = ${value}`)
    .join("\n")}\n`;
}
