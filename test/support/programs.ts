import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

interface Program {
  readonly get: string;
  readonly needsRoot: boolean;
  /** Where the file has another name than what it is called here. */
  readonly file?: string;
  /** A device without which it is of no use. */
  readonly device?: string;
}

/** The programs that tests may want, and how to get them where they are missing. */
export const PROGRAMS = {
  postfix: { get: "apt-get install postfix", needsRoot: true },
  "smtp-sink": { get: "apt-get install postfix", needsRoot: false },
  postgrey: { get: "apt-get install postgrey", needsRoot: true },
  nsd: { get: "apt-get install nsd", needsRoot: false },
  "ldns-signzone": { get: "apt-get install ldnsutils", needsRoot: false },
  delv: { get: "apt-get install bind9-dnsutils", needsRoot: false },
  dig: { get: "apt-get install bind9-dnsutils", needsRoot: false },
  unbound: { get: "apt-get install unbound", needsRoot: false },
  knotd: { get: "apt-get install knot", needsRoot: false },
  keymgr: { get: "apt-get install knot", needsRoot: false },
  kdig: { get: "apt-get install knot-dnsutils", needsRoot: false },
  dovecot: { get: "apt-get install dovecot-core", needsRoot: true },
  "dovecot-imap": { get: "apt-get install dovecot-imapd", needsRoot: true, file: "imap-login" },
  "dovecot-pop3": { get: "apt-get install dovecot-pop3d", needsRoot: true, file: "pop3-login" },
  "dovecot-managesieved": { get: "apt-get install dovecot-managesieved", needsRoot: true, file: "managesieve-login" },
  "dovecot-lmtp": { get: "apt-get install dovecot-lmtpd", needsRoot: true, file: "lmtp" },
  exim4: { get: "sh test/support/receivers/install.sh", needsRoot: true },
  smtpd: { get: "sh test/support/receivers/install.sh", needsRoot: true },
  vsftpd: { get: "sh test/support/receivers/install.sh", needsRoot: true },
  proftpd: { get: "sh test/support/receivers/install.sh", needsRoot: true },
  "pure-ftpd": { get: "sh test/support/receivers/install.sh", needsRoot: true },
  "pure-pw": { get: "sh test/support/receivers/install.sh", needsRoot: false },
  nnrpd: { get: "sh test/support/receivers/install.sh", needsRoot: true },
  leafnode: { get: "sh test/support/receivers/install.sh", needsRoot: true },
  curl: { get: "apt-get install curl", needsRoot: false },
  opendkim: { get: "apt-get install opendkim", needsRoot: false },
  dkimverify: { get: "apt-get install python3-dkim python3-nacl python3-authres", needsRoot: false },
  "python3-spf": { get: "apt-get install python3-spf", needsRoot: false, file: "/usr/lib/python3/dist-packages/spf.py" },
  python3: { get: "apt-get install python3", needsRoot: false },
  nginx: { get: "apt-get install nginx", needsRoot: true },
  caddy: { get: "apt-get install caddy", needsRoot: false },
  sslscan: { get: "apt-get install sslscan", needsRoot: false },
  testssl: { get: "apt-get install testssl.sh", needsRoot: false },
  openssl: { get: "apt-get install openssl", needsRoot: false },
  "gnutls-serv": { get: "apt-get install gnutls-bin", needsRoot: false },
  sshd: { get: "apt-get install openssh-server", needsRoot: true },
  "ssh-keygen": { get: "apt-get install openssh-client", needsRoot: false },
  "ssh-keyscan": { get: "apt-get install openssh-client", needsRoot: false },
  "ssh-audit": { get: "apt-get install ssh-audit", needsRoot: false },
  dropbear: { get: "apt-get install dropbear-bin", needsRoot: false },
  iperf3: { get: "apt-get install iperf3", needsRoot: false },
  chromium: { get: "apt-get install chromium", needsRoot: false },
  traceroute: { get: "apt-get install traceroute", needsRoot: false },
  socat: { get: "apt-get install socat", needsRoot: true, device: "/dev/net/tun" },
  ip: { get: "apt-get install iproute2", needsRoot: true },
  unshare: { get: "apt-get install util-linux", needsRoot: true },
  nsenter: { get: "apt-get install util-linux", needsRoot: true },
  fping: { get: "apt-get install fping", needsRoot: false },
  mtr: { get: "apt-get install mtr-tiny", needsRoot: false },
  mosquitto_sub: { get: "apt-get install mosquitto-clients", needsRoot: false },
  mosquitto_pub: { get: "apt-get install mosquitto-clients", needsRoot: false },
  slapd: { get: "apt-get install slapd", needsRoot: false },
  ldapsearch: { get: "apt-get install ldap-utils", needsRoot: false },
  ldapwhoami: { get: "apt-get install ldap-utils", needsRoot: false },
  mosquitto: { get: "apt-get install mosquitto", needsRoot: false },
  snmpd: { get: "apt-get install snmpd", needsRoot: false },
  snmpget: { get: "apt-get install snmp", needsRoot: false },
  snmpwalk: { get: "apt-get install snmp", needsRoot: false },
  zsh: { get: "apt-get install zsh", needsRoot: false },
  fish: { get: "apt-get install fish", needsRoot: false },
  shellcheck: { get: "apt-get install shellcheck", needsRoot: false },
  "named-checkzone": { get: "apt-get install bind9utils", needsRoot: false },
  ping: { get: "apt-get install iputils-ping", needsRoot: false },
  chronyd: { get: "apt-get install chrony", needsRoot: true },
  chronyc: { get: "apt-get install chrony", needsRoot: true },
  ntpdig: { get: "apt-get install ntpsec-ntpdig", needsRoot: false },
  "redis-server": { get: "apt-get install redis-server", needsRoot: false },
  postgres: { get: "apt-get install postgresql", needsRoot: true },
  psql: { get: "apt-get install postgresql-client", needsRoot: false },
  mariadbd: { get: "apt-get install mariadb-server", needsRoot: false },
  "mariadb-install-db": { get: "apt-get install mariadb-server", needsRoot: false },
  mariadb: { get: "apt-get install mariadb-client", needsRoot: false },
  "redis-cli": { get: "apt-get install redis-tools", needsRoot: false },
  "nats-server": { get: "apt-get install nats-server", needsRoot: false },
  prometheus: { get: "apt-get install prometheus", needsRoot: false },
  promtool: { get: "apt-get install prometheus", needsRoot: false },
  "prometheus-blackbox-exporter": { get: "apt-get install prometheus-blackbox-exporter", needsRoot: false },
  "prometheus-alertmanager": { get: "apt-get install prometheus-alertmanager", needsRoot: false },
  amtool: { get: "apt-get install prometheus-alertmanager", needsRoot: false },
  prove: { get: "apt-get install perl", needsRoot: false },
  "rabbitmq-server": { get: "apt-get install rabbitmq-server", needsRoot: true },
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof PROGRAMS;

/** Debian keeps each version of PostgreSQL in a folder of its own. */
function postgresFolders(): string[] {
  const folder = "/usr/lib/postgresql";
  return existsSync(folder) ? readdirSync(folder).map((version) => join(folder, version, "bin")) : [];
}

/** Servers are in folders outside the PATH of a plain user; dovecot's own programs are in no PATH. */
const SYSTEM_FOLDERS = [
  "/usr/local/sbin",
  "/usr/sbin",
  "/sbin",
  "/opt/probe-run-receivers/usr/sbin",
  "/opt/probe-run-receivers/usr/bin",
  "/opt/probe-run-receivers/usr/lib/news/bin",
  "/usr/lib/dovecot",
  "/usr/libexec/dovecot",
  ...postgresFolders(),
];

export function programPath(name: ProgramName): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  const { file = name }: Program = PROGRAMS[name];
  // A module of a language, which no folder of programs has.
  if (isAbsolute(file)) return existsSync(file) ? file : null;
  return folders.map((folder) => join(folder, file)).find(isExecutable) ?? null;
}

/** Why a program cannot be used here, and what to do; null when it can. */
export function whyNot(name: ProgramName): { reason: string; remedy: string } | null {
  const { get, needsRoot, device }: Program = PROGRAMS[name];
  if (process.env.PROBE_RUN_WITHOUT_SERVERS === "1") return { reason: "PROBE_RUN_WITHOUT_SERVERS is 1", remedy: "unset it" };
  if (programPath(name) === null) return { reason: `${name} is not installed`, remedy: get };
  if (needsRoot && process.getuid?.() !== 0) return { reason: `${name} starts as root only`, remedy: "run the tests as root, as in a container" };
  if (device !== undefined && !existsSync(device)) return { reason: `${device} is not there`, remedy: `give the container ${device} and NET_ADMIN` };
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
