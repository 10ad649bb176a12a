import { randomInt } from "node:crypto";
import { isIP } from "node:net";
import { typeName } from "../../../schemas/dns-types.js";
import { type Failure, failure } from "../../../schemas/failure.js";
import type { HttpVersion } from "../../../schemas/http.js";
import { DNS_PORTS } from "../../../schemas/name-server.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { monotonic, round } from "../../run/clock.js";
import type { Deadline } from "../../run/deadline.js";
import { FailureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import { requirePermittedServers } from "../transport/permitted.js";
import type { TlsOptions } from "./encrypted-channel.js";
import type { EncryptedConnections } from "./encrypted-connections.js";
import { RCODES, rcodeName } from "./rcode.js";
import { parseServer, type ServerAddress, serverAt } from "./server-address.js";
import { systemServers } from "./system-servers.js";
import { exchangeByTcp } from "./tcp.js";
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
  const key = `${transport} ${written}`;
  const known = addresses.get(key);
  if (known !== undefined) return known;
  if (addresses.size >= MAX_ADDRESSES) addresses.clear();
  const address = readAddress(written, transport);
  addresses.set(key, address);
  return address;
}

/** The same servers are asked again and again, and reading their address costs as much as reading their reply. */
const addresses = new Map<string, ServerAddress>();
const MAX_ADDRESSES = 256;

function readAddress(written: string, transport: DirectOptions["transport"]): ServerAddress {
  const server = parseServer(written);
  const hasPort = server.transport !== "plain" || (isIP(written) === 0 && /:\d+$/.test(written) && !written.endsWith("]"));
  const usual = transport === "tls" || transport === "https" ? DNS_PORTS[transport] : DNS_PORTS.plain;
  return hasPort ? server : serverAt(server.address, usual);
}

type Exchanged = Omit<DirectReply, "durationMs">;

// From here on, what need not be async is not: a run may ask thousands of questions, and each async function keeps its variables while it waits.

/** The system's own name servers, which every look-up asks, may be asked directly as well. */
function permittedExchange(state: WireRun, server: ServerAddress, question: DirectQuestion, options: DirectOptions): Promise<Exchanged> {
  try {
    if (state.targets !== null && !systemServers().some(({ text }) => text === server.text)) requirePermittedServers(state, [server.text]);
  } catch (error) {
    if (error instanceof FailureError) return Promise.resolve(repliedBy(options.transport === "auto" ? "udp" : options.transport, error.failure));
    return Promise.reject(error);
  }
  return overTransport(state, server, question, options).then((first) => {
    if (!isConfusedByEdns(first, options)) return first;
    const without = { ...options, ednsBytes: null, dnssec: false };
    return overTransport(state, server, question, without).then((second) => ({ ...second, ednsRefused: true }));
  });
}

/** RFC 6891, section 7: what servers answer that do not know the OPT record. */
function isConfusedByEdns({ message }: Exchanged, { ednsBytes }: DirectOptions): boolean {
  return ednsBytes !== null && message?.edns === null && (message.rcode === RCODES.formatError || message.rcode === RCODES.notImplemented);
}

function overTransport(state: WireRun, server: ServerAddress, question: DirectQuestion, options: DirectOptions): Promise<Exchanged> {
  const { transport } = options;
  // RFC 8484, section 4.1: over HTTPS the id is 0, so that caches may share a response.
  const id = transport === "https" ? 0 : randomInt(0x1_0000);
  const query = writeQuery(id, question.name, question.type, options);
  if (transport === "tls" || transport === "https") return overEncrypted(state, server, query, options, transport);
  if (transport === "tcp") return overTcp(state, server, query, options).then((outcome) => repliedBy("tcp", outcome));
  return overUdp(state, server, query, options, 1).then((outcome) => {
    if (transport === "udp" || !("flags" in outcome) || !outcome.flags.tc) return repliedBy("udp", outcome);
    return overTcp(state, server, query, options).then((whole) => ({ ...repliedBy("tcp", whole), truncated: true }));
  });
}

function overUdp(state: WireRun, server: ServerAddress, query: Buffer, options: DirectOptions, attempt: number): Promise<DnsMessage | Failure> {
  const asked = waited(state, options.timeoutMs, (done) => exchangeByUdp(server, query, (message) => readReplyTo(query, message), done));
  return asked.then((outcome) => {
    if (!("code" in outcome) || outcome.code !== "timeout" || attempt >= options.tries || state.deadline.reason !== null) return outcome;
    return overUdp(state, server, query, options, attempt + 1);
  });
}

function overTcp(state: WireRun, server: ServerAddress, query: Buffer, { timeoutMs }: DirectOptions): Promise<DnsMessage | Failure> {
  return waited(state, timeoutMs, (done) => exchangeByTcp(server, query, (message) => readReplyTo(query, message), done));
}

async function overEncrypted(state: WireRun, server: ServerAddress, query: Buffer, options: DirectOptions, transport: "tls" | "https"): Promise<Exchanged> {
  // TLS and HTTP are loaded for these transports only.
  const { EncryptedConnections, failureIn } = await import("./encrypted-connections.js");
  const connections = connectionsOf.get(state.deadline) ?? new EncryptedConnections(state);
  if (!connectionsOf.has(state.deadline)) {
    connectionsOf.set(state.deadline, connections);
    state.deadline.atRelease(() => connections.close());
  }
  try {
    const { reply, tls, httpVersion } = await connections.ask(state, { ...server, transport }, query, options, (message) => readReplyTo(query, message));
    return { ...repliedBy(transport, reply), tls, httpVersion };
  } catch (error) {
    return repliedBy(transport, failureIn(error));
  }
}

/** The questions of one run share their connections, which end with it. */
const connectionsOf = new WeakMap<Deadline, EncryptedConnections>();

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
      stopWaiting();
      forget();
      cancel();
      resolve(outcome);
    };
    const stopWaiting = startTimeout(timeoutMs, () => finish(failure("query", "timeout", `no answer within ${timeoutMs} ms`)));
    let forget = (): void => {};
    forget = state.deadline.onEnd((reason) => finish(failure("query", reason, ENDED[reason])));
    if (state.deadline.reason === null) cancel = start((outcome) => finish("broken" in outcome ? failureOf(outcome) : outcome));
  });
}

function failureOf({ broken, message }: Broken): Failure {
  if (broken === "unreadable") return failure("query", "protocol_violation", message);
  return failure("connect", message.includes("ECONNREFUSED") ? "refused" : "unreachable", message);
}
