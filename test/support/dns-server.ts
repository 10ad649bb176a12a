import { createSocket, type Socket } from "node:dgram";

export interface DnsRecords {
  A?: readonly string[];
  AAAA?: readonly string[];
  /** The answer's code, where it is not 0: 2 is SERVFAIL, 3 is NXDOMAIN, 5 is REFUSED. */
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

const TYPES: Readonly<Record<number, RecordType>> = { 1: "A", 28: "AAAA" };

/** A name server of the test's own (RFC 1035), over UDP on the loopback. A name that is not in the zone does not exist. */
export async function startDnsServer(zone: Readonly<Record<string, DnsRecords>>): Promise<DnsServer> {
  const questions: string[] = [];
  const socket = createSocket("udp4", (query, from) => {
    const { name, type, end } = questionOf(query);
    questions.push(`${type} ${name}`);
    const records = zone[name] ?? { code: 3 };
    if (type !== null && records.silentFor?.includes(type)) return;
    socket.send(answerTo(query.subarray(0, end), type, records), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, questions, close: () => closed(socket) };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

function questionOf(query: Buffer): { name: string; type: RecordType | null; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: TYPES[query.readUInt16BE(at + 1)] ?? null, end: at + 5 };
}

/** RFC 1035, section 4.1.1: the query's header and question again, as a response, with what is asked for behind it. */
function answerTo(question: Buffer, type: RecordType | null, records: DnsRecords): Buffer {
  const code = (type === null ? undefined : records.codes?.[type]) ?? records.code ?? 0;
  const addresses = code === 0 && type !== null ? (records[type] ?? []) : [];
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.fill(0, 8, 12);
  return Buffer.concat([head, ...addresses.map(record)]);
}

function record(address: string): Buffer {
  const data = address.includes(":") ? ipv6Bytes(address) : Buffer.from(address.split(".").map(Number));
  const fixed = Buffer.alloc(12);
  // A pointer to the question's name.
  fixed.writeUInt16BE(0xc00c, 0);
  fixed.writeUInt16BE(data.length === 16 ? 28 : 1, 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(60, 6);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
}

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const missing = Math.max(0, 8 - groups(head).length - groups(tail).length);
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
