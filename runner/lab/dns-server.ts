import { type DecodedPacket, decode, encode, type Packet, TRUNCATED_RESPONSE } from "dns-packet";
import { type Handler, serveDns, type Transport } from "../net/dns/serve.js";
import type { Certificate } from "../net/transport/listen.js";
import { closedByBlock } from "./closed-by-block.js";
import { answerFrom } from "./dns/answer.js";
import { serveDnsOverHttps } from "./dns/https.js";
import { parseZone } from "./dns/zone.js";

/** A question that was asked. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  readonly transport: Transport;
  /** The largest datagram that the client accepts; 512 if it does not say. */
  readonly udpBytes: number;
  /** The client asks for signatures, too (DO). */
  readonly dnssec: boolean;
  /** How often this name and type had been asked before. */
  readonly before: number;
}

/** A record as the server encodes it. The form of its data depends on its type: a string for A, { preference, exchange } for MX. */
export interface DnsRecord {
  name: string;
  type: string;
  ttl?: number | undefined;
  data?: unknown;
}

/** A reply before it is encoded. */
export interface DnsReply {
  flags?: number | undefined;
  answers?: DnsRecord[] | undefined;
  authorities?: DnsRecord[] | undefined;
  additionals?: DnsRecord[] | undefined;
}

/** What the server does with a question instead of answering it from its zones. All of it may be left out. */
export interface DnsBehaviour {
  /** Gives no answer. */
  drop?: boolean;
  delayMs?: number;
  /** Answers with nothing but this response code. */
  rcode?: number;
  /** Says over UDP that the answer is too long for it. */
  truncate?: boolean;
  /** Makes another reply of the right one. */
  edit?: (reply: DnsReply) => DnsReply;
  /** The very messages to send, made from the right one. */
  raw?: (reply: Buffer) => readonly Buffer[];
}

export interface DnsServerOptions {
  host?: string;
  port?: number;
  /** Master files. */
  zones: readonly string[];
  /** Says that its data has been authenticated. */
  authenticated?: boolean;
  /** Also serves DNS over HTTPS, on a port of its own. */
  https?: { readonly certificate: Certificate; readonly port?: number };
  behave?: (question: DnsQuestion) => DnsBehaviour | undefined;
}

export interface DnsServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** As an input's `resolver` wants it. */
  readonly servers: readonly string[];
  /** The same for DNS over HTTPS; none without it. */
  readonly httpsServers: readonly string[];
  /** The last questions that were asked, in order. */
  readonly questions: readonly DnsQuestion[];
  close(): Promise<void>;
}

/** A lab that runs for days does not fill the memory with what it was asked. */
const MAX_QUESTIONS = 10_000;

/** A name server for the loopback: it answers as a resolver would that knows these zones and no others. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const zones = options.zones.map(parseZone);
  const questions: DnsQuestion[] = [];
  const counts = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  const handle: Handler = (message, transport, send) => {
    const query = decodedOrNull(message);
    if (query === null) return;
    const question = questionOf(query, transport, counts);
    questions.push(question);
    if (questions.length > MAX_QUESTIONS) questions.shift();
    const behaviour = options.behave?.(question) ?? {};
    if (behaviour.drop === true) return;
    const replies = repliesTo(answerFrom(zones, query, options.authenticated ?? false), question, behaviour);
    if (behaviour.delayMs === undefined) replies.forEach(send);
    else later(timers, behaviour.delayMs, () => replies.forEach(send));
  };
  const listener = await serveDns(handle, options);
  const https = options.https === undefined ? null : await serveDnsOverHttps(handle, options.https.certificate, options.https.port);
  const { host, port } = listener;
  return closedByBlock({
    host,
    port,
    servers: [host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`],
    httpsServers: https === null ? [] : [`127.0.0.1:${https.port}`],
    questions,
    async close() {
      await https?.close();
      await closed(listener, timers);
    },
  });
}

function later(timers: Set<NodeJS.Timeout>, milliseconds: number, work: () => void): void {
  const timer = setTimeout(() => {
    timers.delete(timer);
    work();
  }, milliseconds);
  timers.add(timer);
}

async function closed(listener: { close(): Promise<void> }, timers: ReadonlySet<NodeJS.Timeout>): Promise<void> {
  for (const timer of timers) clearTimeout(timer);
  await listener.close();
}

/** An unreadable packet gets no answer: its source address may be forged. */
function decodedOrNull(message: Buffer): DecodedPacket | null {
  try {
    return decode(message);
  } catch {
    return null;
  }
}

function questionOf(query: DecodedPacket, transport: Transport, counts: Map<string, number>): DnsQuestion {
  const { name: written = ".", type = "NULL" } = query.questions?.[0] ?? {};
  const name = written.toLowerCase();
  const before = counts.get(`${type} ${name}`) ?? 0;
  counts.set(`${type} ${name}`, before + 1);
  const options = query.additionals?.find((record) => record.type === "OPT");
  const udpBytes = options?.type === "OPT" ? Math.max(512, options.udpPayloadSize) : 512;
  return { name, type, transport, udpBytes, dnssec: options?.type === "OPT" && options.flag_do, before };
}

function repliesTo(answer: Packet, question: DnsQuestion, { rcode, truncate, edit, raw }: DnsBehaviour): readonly Buffer[] {
  const edited = rcode === undefined ? answer : { ...answer, flags: ((answer.flags ?? 0) & ~0x0f) | rcode, answers: [], authorities: [] };
  const whole = encode(edit === undefined ? edited : (edit(edited as DnsReply) as Packet));
  const isTooLong = question.transport === "udp" && (truncate === true || whole.length > question.udpBytes);
  const reply = isTooLong ? encode({ ...edited, flags: (edited.flags ?? 0) | TRUNCATED_RESPONSE, answers: [], authorities: [] }) : whole;
  return raw?.(reply) ?? [reply];
}
