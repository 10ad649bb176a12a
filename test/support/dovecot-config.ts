import { certificatePath } from "./certificates.js";
import { settings } from "./postfix-config.js";
import { programPath } from "./programs.js";

export interface DovecotPlan {
  folder: string;
  ports: DovecotPorts;
  /** The owner of the mail files. */
  userId: number;
  groupId: number;
}

export interface DovecotPorts {
  /** Offers STARTTLS. */
  imap: number;
  /** TLS from the first byte. */
  imaps: number;
  /** Offers STLS. */
  pop3: number;
  pop3s: number;
  lmtp: number;
  /** Offers STARTTLS; open only if dovecot-managesieved is installed. */
  sieve: number;
}

/** Its configuration may name the protocol only if the package is installed. */
export function speaksSieve(): boolean {
  return programPath("dovecot-managesieved") !== null;
}

/** In the words of dovecot 2.3. */
export function dovecotConf(plan: DovecotPlan, more: Readonly<Record<string, string>> = {}): string {
  return `${settings({ ...plainSettings(plan), ...more })}${users(plan)}${services(plan)}`;
}

function plainSettings({ folder, userId, groupId }: DovecotPlan): Record<string, string> {
  return {
    base_dir: `${folder}/run`,
    state_dir: `${folder}/state`,
    log_path: `${folder}/dovecot.log`,
    protocols: speaksSieve() ? "imap pop3 lmtp sieve" : "imap pop3 lmtp",
    listen: "127.0.0.1",
    ssl: "yes",
    ssl_cert: `<${certificatePath("localhost")}`,
    ssl_key: `<${certificatePath("localhost", "key.pem")}`,
    auth_mechanisms: "plain login cram-md5 scram-sha-256 apop",
    // A wrong password is answered at once, and not after two seconds.
    auth_failure_delay: "0",
    // alice and alice@example.org are one user.
    auth_username_format: "%Ln",
    mail_location: `maildir:${mailFolder(folder, "%Ln")}`,
    mail_uid: String(userId),
    mail_gid: String(groupId),
    first_valid_uid: "1",
    // Tests are many clients at once, from one address.
    mail_max_userip_connections: "1000",
    // Mail for alice+Spam@example.org is filed into her folder Spam.
    recipient_delimiter: "+",
    lmtp_save_to_detail_mailbox: "yes",
    lda_mailbox_autocreate: "yes",
    postmaster_address: "postmaster@example.org",
    hostname: "mail.example.org",
  };
}

/** A user's Maildir. */
export function mailFolder(folder: string, user: string): string {
  return `${folder}/mail/${user}`;
}

export function usersFile(folder: string): string {
  return `${folder}/users`;
}

function users({ folder }: DovecotPlan): string {
  return `passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%Ln ${usersFile(folder)}
}
userdb {
  driver = passwd-file
  args = username_format=%Ln ${usersFile(folder)}
  default_fields = home=${folder}/home/%Ln
}
`;
}

function services({ folder, ports }: DovecotPlan): string {
  return `${
    speaksSieve()
      ? `service managesieve-login {
  inet_listener sieve {
    port = ${ports.sieve}
  }
}
`
      : ""
  }service imap-login {
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = ${ports.pop3s}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
  unix_listener ${lmtpSocket(folder)} {
    mode = 0666
  }
}
# Who has failed once is otherwise answered later and later.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
`;
}

/** For postfix: virtual_transport = lmtp:unix:… */
export function lmtpSocket(folder: string): string {
  return `${folder}/lmtp`;
}
