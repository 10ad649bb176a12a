import { randomInt } from "node:crypto";
import { isIP } from "node:net";
import { typeName } from "../../../schemas/dns-types.js";
import { type Failure, failure } from "../../../schemas/failure.js";
import type { HttpVersion } from "../../../schemas/http.js";
import { DNS_PORTS } from "../../../schemas/name-server.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic, round } from "../../run/clock.js";
import { FailureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { requirePermittedServers } from "../transport/permitted.js";
import { RCODES, rcodeName } from "./rcode.js";
import { parseServer, type ServerAddress, serverAt } from "./server-address.js";
import { systemServers } from "./system-servers.js";
import { exchangeByTcp } from "./tcp.js";
import { exchangeByTls, type TlsOptions } from "./tls.js";
import { type Broken, type Cancel, exchangeByUdp } from "./udp.js";
import { type DnsMessage, type QueryOptions, readReplyTo, writeQuery } from "./wire/message.js";

export interface DirectQuestion {
  readonly name: string;
  readonly type: number;
}

export interface DirectOptions extends QueryOptions {
  /** auto: UDP, and TCP for truncated replies. */
  readonly transport: Transport | "auto";
  /** For one message; a datagram is sent again after it. */
  readonly timeoutMs: number;
  readonly tries: number;
  readonly tls: TlsOptions;
  /** Of the service, for DNS over HTTPS. */
  readonly httpsPath?: string | undefined;
}

type Transport = "udp" | "tcp" | "tls" | "https";

/** What one server answered to one question, without a cache and without another server. */
export interface DirectReply {
  readonly message: DnsMessage | null;
  readonly failure: Failure | null;
  readonly transport: Transport;
  /** A datagram said that the answer does not fit. */
  readonly truncated: boolean;
  /** The server took EDNS for an error. */
  readonly ednsRefused: boolean;
  readonly durationMs: number;
  readonly tls: TlsFacts | null;
  /** Null without a response over HTTPS. */
  readonly httpVersion: HttpVersion | null;
}

export type DirectAsk = (server: string, question: DirectQuestion, options: DirectOptions) => Promise<DirectReply>;

/** Asks one server; the question is an operation. */
export async function askDirectly(state: WireRun, server: string, question: DirectQuestion, options: DirectOptions): Promise<DirectReply> {
  const { recorder } = state;
  const operation = recorder.begin(`${typeName(question.type)} ${question.name} @${server}`);
  const began = monotonic();
  const address = addressOf(server, options.transport);
  const reply = await permittedExchange(state, address, question, optionsFor(address, options));
  const words = reply.failure?.message ?? (reply.message === null ? "" : summaryOf(reply.message));
  recorder.end(operation, reply.message?.rcode ?? null, words);
  return { ...reply, durationMs: round(monotonic() - began) };
}

function summaryOf({ rcode, answers }: DnsMessage): string {
  return `${rcodeName(rcode)}, ${answers.length} ${answers.length === 1 ? "record" : "records"}`;
}

/** How to ask a server that says so itself: tls://192.0.2.1#name. Of others, the options decide. */
function optionsFor({ transport, servername, path }: ServerAddress, options: DirectOptions): DirectOptions {
  if (transport === "plain") return options;
  const tls = servername === null ? options.tls : { ...options.tls, servername };
  return { ...options, transport, tls, httpsPath: path ?? undefined };
}

function addressOf(written: string, transport: DirectOptions["transport"]): ServerAddress {
  const server = parseServer(written);
  const hasPort = server.transport !== "plain" || (isIP(written) === 0 && /:\d+$/.test(written) && !written.endsWith("]"));
  const usual = transport === "tls" || transport === "https" ? DNS_PORTS[transport] : DNS_PORTS.plain;
  return hasPort ? server : serverAt(server.address, usual);
}

type Exchanged = Omit<DirectReply, "durationMs">;

/** The system's own name servers, which every look-up asks, may be asked directly as well. */
async function permittedExchange(state: WireRun, server: ServerAddress, question: DirectQuestion, options: DirectOptions): Promise<Exchanged> {
  try {
    if (!systemServers().some(({ text }) => text === server.text)) requirePermittedServers(state, [server.text]);
  } catch (error) {
    if (error instanceof FailureError) return repliedBy(options.transport === "auto" ? "udp" : options.transport, error.failure);
    throw error;
  }
  return exchange(state, server, question, options);
}

async function exchange(state: WireRun, server: ServerAddress, question: DirectQuestion, options: DirectOptions): Promise<Exchanged> {
  const first = await overTransport(state, server, question, options);
  if (!isConfusedByEdns(first, options)) return first;
  return { ...(await overTransport(state, server, question, { ...options, ednsBytes: null, dnssec: false })), ednsRefused: true };
}

/** RFC 6891, section 7: what servers answer that do not know the OPT record. */
function isConfusedByEdns({ message }: Exchanged, { ednsBytes }: DirectOptions): boolean {
  return ednsBytes !== null && message?.edns === null && (message.rcode === RCODES.formatError || message.rcode === RCODES.notImplemented);
}

async function overTransport(state: WireRun, server: ServerAddress, question: DirectQuestion, options: DirectOptions): Promise<Exchanged> {
  // RFC 8484, section 4.1: over HTTPS the id is 0, so that caches may share a response.
  const id = options.transport === "https" ? 0 : randomInt(0x1_0000);
  const query = writeQuery(id, question.name, question.type, options);
  if (options.transport === "tls") return overTls(state, server, query, options);
  if (options.transport === "https") return overHttps(state, server, query, options);
  if (options.transport === "tcp") return repliedBy("tcp", await overTcp(state, server, query, options));
  const byUdp = await overUdp(state, server, query, options);
  if (options.transport === "udp" || !("flags" in byUdp) || !byUdp.flags.tc) return repliedBy("udp", byUdp);
  return { ...repliedBy("tcp", await overTcp(state, server, query, options)), truncated: true };
}

async function overUdp(state: WireRun, server: ServerAddress, query: Buffer, { timeoutMs, tries }: DirectOptions): Promise<DnsMessage | Failure> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await waited(state, timeoutMs, (done) => exchangeByUdp(server, query, (message) => readReplyTo(query, message), done));
    if (!("code" in outcome) || outcome.code !== "timeout" || attempt >= tries || state.deadline.reason !== null) return outcome;
  }
}

function overTcp(state: WireRun, server: ServerAddress, query: Buffer, { timeoutMs }: DirectOptions): Promise<DnsMessage | Failure> {
  return waited(state, timeoutMs, (done) => exchangeByTcp(server, query, (message) => readReplyTo(query, message), done));
}

async function overTls(state: WireRun, server: ServerAddress, query: Buffer, options: DirectOptions): Promise<Exchanged> {
  try {
    const { reply, tls } = await exchangeByTls(state, server, query, options, (message) => readReplyTo(query, message));
    return { ...repliedBy("tls", reply), tls };
  } catch (error) {
    if (error instanceof FailureError) return repliedBy("tls", error.failure);
    throw error;
  }
}

async function overHttps(state: WireRun, server: ServerAddress, query: Buffer, options: DirectOptions): Promise<Exchanged> {
  // The HTTP client is loaded for this transport only.
  const { exchangeByHttps } = await import("./https.js");
  const { reply, tls, httpVersion } = await exchangeByHttps(state, server, query, options, (message) => readReplyTo(query, message));
  return { ...repliedBy("https", reply), tls, httpVersion };
}

function repliedBy(transport: Exchanged["transport"], outcome: DnsMessage | Failure): Exchanged {
  const isReply = "flags" in outcome;
  return {
    message: isReply ? outcome : null,
    failure: isReply ? null : outcome,
    transport,
    truncated: isReply && outcome.flags.tc,
    ednsRefused: false,
    tls: null,
    httpVersion: null,
  };
}

type Start = (done: (outcome: DnsMessage | Broken) => void) => Cancel;

/** One exchange with a time-out of its own, which ends with the run. */
function waited(state: WireRun, timeoutMs: number, start: Start): Promise<DnsMessage | Failure> {
  return new Promise((resolve) => {
    let cancel: Cancel = () => {};
    const finish = (outcome: DnsMessage | Failure): void => {
      clearTimeout(timer);
      forget();
      cancel();
      resolve(outcome);
    };
    const timer = setTimeout(() => finish(failure("query", "timeout", `no answer within ${timeoutMs} ms`)), timeoutMs);
    let forget = (): void => {};
    forget = state.deadline.onEnd((reason) => finish(failure("query", reason, ENDED[reason])));
    if (state.deadline.reason === null) cancel = start((outcome) => finish("broken" in outcome ? failureOf(outcome) : outcome));
  });
}

function failureOf({ broken, message }: Broken): Failure {
  if (broken === "unreadable") return failure("query", "protocol_violation", message);
  return failure("connect", message.includes("ECONNREFUSED") ? "refused" : "unreachable", message);
}
