import type { Report } from "../../harness/run.js";
import { systemAddresses } from "../../net/transport/system-addresses.js";
import { type Asked, BadTarget, type Module } from "../module.js";
import { families, hostAndPort, tlsInput } from "./common.js";
import { type RecordCheck, recordChecks, recordText } from "./record-checks.js";
import type { Section } from "./section.js";

type Fields = Readonly<Record<string, unknown>>;

interface Settings {
  readonly fixed: Fields;
  readonly port: number;
  readonly wanted: ReturnType<typeof families>;
}

/** The dns prober as an input of network.dns: one question to the server that is the target. */
export function dnsModule(section: Section): Omit<Module, "name" | "timeoutMs"> {
  const wanted = families(section);
  const isTls = section.flag("dns_over_tls") === true;
  const transport = section.text("transport_protocol") || "udp";
  if (transport !== "udp" && transport !== "tcp") section.wrong("transport_protocol", "transport_protocol must be udp or tcp");
  if (isTls && transport !== "tcp") section.wrong("dns_over_tls", "dns_over_tls needs the transport_protocol tcp");
  const name = section.text("query_name");
  if (name === null || name === "") section.wrong(null, "query_name is required");
  const queryClass = section.text("query_class") || "IN";
  if (queryClass !== "IN") section.wrong("query_class", "only the class IN is supported");
  const recursion = section.flag("recursion_desired") ?? true;
  const rcodes = section.texts("valid_rcodes");
  const fixed: Fields = {
    name: name === null ? "" : name.replace(/(?<=.)\.$/, ""),
    types: [section.text("query_type") || "ANY"],
    transport: isTls ? "tls" : transport,
    recursion,
    compare: false,
    edns_size: 0,
    tries: 1,
    tls: tlsInput(section.section("tls_config")),
    expect: { rcode: { in: rcodes.length > 0 ? rcodes : ["NOERROR"] } },
  };
  const checks = checksOf(section);
  section.end();
  return {
    probe: "network.dns",
    inputs: (asked) => inputsFor(asked, { fixed, wanted, port: isTls ? 853 : 53 }),
    judge: (report) => judged(report, checks),
    // Without recursion we call a server lame that answers without authority; this prober does not.
    ignores: ["lame_server"],
    hasRegex: false,
  };
}

interface SectionChecks {
  readonly answer: RecordCheck | null;
  readonly authority: RecordCheck | null;
}

function checksOf(section: Section): SectionChecks {
  // Records of the additional section are not in our output.
  if (section.has("validate_additional_rrs") && Object.keys(section.mapping("validate_additional_rrs") ?? {}).length > 0)
    section.wrong("validate_additional_rrs", "dns.validate_additional_rrs is not supported");
  return { answer: recordChecks(section.section("validate_answer_rrs")), authority: recordChecks(section.section("validate_authority_rrs")) };
}

/** Our probe asks addresses. The name of a server is looked up here, and stands for the certificate with TLS. */
async function inputsFor({ target, timeoutMs }: Asked, { fixed, port: defaultPort, wanted }: Settings): Promise<Fields[]> {
  const { host, port } = hostAndPort(target, defaultPort);
  const found = await systemAddresses(host).catch((error: NodeJS.ErrnoException) => {
    throw new BadTarget(`${host} has no address: ${error.code}`);
  });
  const address = wanted.flatMap((family) => found.filter(({ family: own }) => family === "any" || own === (family === "ipv4" ? 4 : 6)))[0];
  if (address === undefined) throw new BadTarget(`${host} has no address of the family that is preferred`);
  const server = address.family === 4 ? `${address.address}:${port}` : `[${address.address}]:${port}`;
  const tls = fixed.tls as Fields;
  return [
    {
      ...fixed,
      servers: [server],
      query_timeout_ms: Math.min(60_000, Math.max(1, Math.ceil(timeoutMs))),
      tls: { ...tls, ...(tls.servername === undefined ? { servername: host } : {}) },
    },
  ];
}

interface Answered {
  readonly answers: readonly {
    readonly records: readonly Parameters<typeof recordText>[0][];
    readonly authority: readonly Parameters<typeof recordText>[0][];
  }[];
}

function judged({ carried }: Report, { answer: inAnswer, authority: inAuthority }: SectionChecks): ReturnType<Module["judge"]> {
  const [answer] = (carried as unknown as Answered).answers;
  if (answer === undefined) return [];
  const messages = [inAnswer?.(answer.records.map(recordText)) ?? [], inAuthority?.(answer.authority.map(recordText)) ?? []].flat();
  return messages.map((message) => ({ message, isRegex: false }));
}
