import { type DnsServerOptions, startDnsServer as startLabServer } from "../../runner/lab/dns-server.js";

export interface DnsRecords {
  A?: readonly string[];
  AAAA?: readonly string[];
  /** The answer's code, where it is not 0: 2 is SERVFAIL, 5 is REFUSED. */
  code?: number;
  /** The same for one type only. */
  codes?: Partial<Record<RecordType, number>>;
  /** Questions of these types get no answer at all. */
  silentFor?: readonly RecordType[];
}

type RecordType = "A" | "AAAA";

export interface DnsServer {
  /** As resolver.servers wants it. */
  readonly address: string;
  /** What was asked, as "AAAA mx.example.org". */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

/** The lab's name server, for tests that only want addresses of hosts. A name that is not in the table does not exist. */
export async function startDnsServer(hosts: Readonly<Record<string, DnsRecords>>): Promise<DnsServer> {
  const server = await startLabServer({ zones: [zoneOf(hosts)], behave: behaviourOf(hosts) });
  return {
    address: server.servers[0] as string,
    get questions() {
      return server.questions.map(({ type, name }) => `${type} ${name}`);
    },
    close: () => server.close(),
  };
}

function zoneOf(hosts: Readonly<Record<string, DnsRecords>>): string {
  const lines = Object.entries(hosts).flatMap(([name, { A = [], AAAA = [] }]) => [
    // So that a host without addresses exists, too.
    `${name}. TXT here`,
    ...A.map((address) => `${name}. A ${address}`),
    ...AAAA.map((address) => `${name}. AAAA ${address}`),
  ]);
  return [". SOA ns hostmaster 1 3600 600 86400 60", ...lines].join("\n");
}

function behaviourOf(hosts: Readonly<Record<string, DnsRecords>>): NonNullable<DnsServerOptions["behave"]> {
  return ({ name, type }) => {
    const { code, codes = {}, silentFor = [] } = hosts[name] ?? {};
    if (silentFor.some((silent) => silent === type)) return { drop: true };
    const rcode = (codes as Partial<Record<string, number>>)[type] ?? code;
    return rcode === undefined ? undefined : { rcode };
  };
}
