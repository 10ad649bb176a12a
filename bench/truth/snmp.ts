import type { Output } from "../../probes/network.snmp/schema.js";
import { programPath } from "../../test/support/programs.js";
import { startSnmpd } from "../../test/support/snmpd.js";
import type { Ask, Beside, Comparison } from "./comparison.js";
import { linesOf, outputOf } from "./program-output.js";

const SYSTEM = "1.3.6.1.2.1.1";
/** Net-SNMP's names of the types. */
const TYPES: Readonly<Record<string, string>> = {
  STRING: "octet_string",
  "Hex-STRING": "octet_string",
  OID: "object_identifier",
  INTEGER: "integer",
  Gauge32: "gauge32",
  Counter32: "counter32",
  Counter64: "counter64",
  Timeticks: "timeticks",
  IpAddress: "ip_address",
};
const GET = [`${SYSTEM}.1.0`, `${SYSTEM}.2.0`, `${SYSTEM}.5.0`, `${SYSTEM}.6.0`, `${SYSTEM}.7.0`, "1.3.6.1.2.1.25.1.5.0", "1.3.6.1.2.1.4.1.0"];
/** The interfaces: every type of the subtree, and values that do not change while nothing is sent over them. */
const WALK = "1.3.6.1.2.1.2.2.1";
const CHANGES = /^1\.3\.6\.1\.2\.1\.2\.2\.1\.(?:1[0-9]|2[01])\./;

export const snmp: Comparison = {
  probe: "network.snmp",
  programs: ["snmpd", "snmpget", "snmpwalk"],
  async compare(ask) {
    const agent = await startSnmpd(["createUser ann SHA-256 correct-horse AES battery-staple", "rouser ann authpriv"]);
    try {
      const user = { name: "ann", auth_protocol: "sha-256", auth_password: "correct-horse", privacy_protocol: "aes-128", privacy_password: "battery-staple" };
      const asUser = ["-v", "3", "-l", "authPriv", "-u", "ann", "-a", "SHA-256", "-A", "correct-horse", "-x", "AES", "-X", "battery-staple"];
      return [
        await beside(ask, agent.port, "snmpget", {
          subject: "objects of snmpd by version 2c",
          input: { get: GET },
          words: ["-v", "2c", "-c", "public"],
          ids: GET,
        }),
        await beside(ask, agent.port, "snmpget", {
          subject: "objects of snmpd by version 3",
          input: { version: "3", user, get: GET },
          words: asUser,
          ids: GET,
        }),
        await beside(ask, agent.port, "snmpwalk", {
          subject: "a subtree of snmpd",
          input: { walk: [WALK], max_rows: 1000 },
          words: ["-v", "2c", "-c", "public"],
          ids: [WALK],
        }),
      ];
    } finally {
      await agent.stop();
    }
  },
};

interface Question {
  readonly subject: string;
  readonly input: object;
  /** Of the program: who asks, and what for. */
  readonly words: readonly string[];
  readonly ids: readonly string[];
}

async function beside(ask: Ask, port: number, peer: "snmpget" | "snmpwalk", { subject, input, words, ids }: Question): Promise<Beside> {
  const output = await ask<Output>("network.snmp", { target_host: "127.0.0.1", target_port: port, ...input });
  // -On: numbers. -Oe: enumerations, too. -Ot: time ticks as a number. -OU: without units.
  const { stdout } = await outputOf(programPath(peer) as string, [...words, "-m", "", "-Onet", "-OU", "-t", "10", `127.0.0.1:${port}`, ...ids]);
  const own = output.values.filter(({ oid }) => !CHANGES.test(oid)).map(({ oid, type, value, hex }) => [oid, [type, hex ?? String(value)]]);
  return { subject, peer, ours: Object.fromEntries(own), theirs: printedValues(stdout) };
}

/** Net-SNMP's lines: `.1.3.6.1.2.1.1.5.0 = STRING: "agent.test"`. */
function printedValues(text: string): Record<string, unknown> {
  const values = linesOf(text).map((line): [string, unknown] => {
    const [, oid = "", rest = ""] = /^\.([\d.]+) = (.*)$/.exec(line) ?? [];
    const [, type = "", value = ""] = /^(?:(\S+): )?(.*)$/.exec(rest) ?? [];
    return [oid, readValue(type, value)];
  });
  return Object.fromEntries(values.filter(([oid]) => !CHANGES.test(oid)));
}

function readValue(type: string, value: string): unknown {
  if (value.startsWith("No Such Instance")) return ["no_such_instance", "null"];
  if (type === "Hex-STRING") return [TYPES[type], value.replaceAll(" ", "").toLowerCase()];
  // Without a type: an empty text, or time ticks as a number.
  if (type === "") return value === '""' ? ["octet_string", ""] : ["timeticks", value];
  if (type === "STRING") return [TYPES[type], Buffer.from(value.replace(/^"(.*)"$/, "$1")).toString("hex")];
  return [TYPES[type] ?? type, type === "OID" ? value.replace(/^\./, "") : value];
}
