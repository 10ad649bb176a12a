import type { Phase } from "../../../schemas/failure.js";
import type { Operation } from "../../../schemas/operation.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { startTimeout } from "../../run/timeout.js";
import type { Break, ConnectionReader } from "../transport/connection.js";
import type { ByteChannel } from "../websocket/channel.js";
import {
  BodyReader,
  binary,
  encodePacket,
  MAX_PACKET_BYTES,
  PACKET,
  type Packet,
  PacketReader,
  text,
  uint16,
  uint32,
  variableInteger,
  violation,
} from "./packet.js";
import { type Properties, readProperties } from "./properties.js";
import { type MqttVersion, reasonOf } from "./reasons.js";

export interface ConnectOptions {
  readonly version: MqttVersion;
  readonly clientId: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly keepAliveSeconds: number;
}

export interface Connected {
  readonly code: number;
  readonly reason: string;
  readonly sessionPresent: boolean;
  readonly properties: Properties;
}

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  /** The server kept it, and sends it because of the subscription. */
  readonly retained: boolean;
  readonly duplicate: boolean;
  /** On the monotonic clock. */
  readonly at: number;
}

/** More messages than this are counted, and not kept. */
const MAX_KEPT_MESSAGES = 100;
/** While nothing but an answer is awaited. */
const MAX_UNAWAITED_PACKETS = 10_000;
const LEVEL = { "3.1.1": 4, "5": 5 } as const;
const CLEAN_START = 0x02;
const HAS_PASSWORD = 0x40;
const HAS_USERNAME = 0x80;
/** Property 39, Maximum Packet Size. */
const MAXIMUM_PACKET_SIZE = 39;

interface Awaited {
  readonly type: number;
  readonly resolve: (answer: { packet: Packet; at: number }) => void;
  readonly reject: (error: FailureError) => void;
}

/** A client of MQTT 3.1.1 and 5, with a clean session. */
export class MqttSession implements ConnectionReader {
  readonly messages: Message[] = [];
  /** Also those that were not kept. */
  messageCount = 0;
  /** Of all messages, those that the broker had not kept. */
  liveCount = 0;
  /** Called for each message, also for one that is not kept; it may end a wait. */
  onMessage: ((message: Message) => void) | null = null;
  readonly #connection: ByteChannel;
  readonly #timeoutMs: number;
  readonly #packets = new PacketReader();
  #version: MqttVersion = "5";
  #awaited: Awaited | null = null;
  #broken: FailureError | null = null;
  #onBroken: ((error: FailureError) => void) | null = null;
  #packetId = 0;
  #received = 0;
  #phase: Phase = "connect";

  constructor(connection: ByteChannel, timeoutMs: number, rest = "") {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    if (rest !== "") this.received(rest, monotonic());
    connection.readBy(this);
  }

  async connect({ version, clientId, username, password, keepAliveSeconds }: ConnectOptions): Promise<Connected> {
    this.#version = version;
    this.#phase = "greeting";
    const flags = CLEAN_START | (username === null ? 0 : HAS_USERNAME) | (password === null ? 0 : HAS_PASSWORD);
    const properties = Buffer.concat([Buffer.from([MAXIMUM_PACKET_SIZE]), uint32(MAX_PACKET_BYTES)]);
    const body = [
      ...[text("MQTT"), Buffer.from([LEVEL[version], flags]), uint16(keepAliveSeconds)],
      ...(version === "5" ? [variableInteger(properties.length), properties] : []),
      text(clientId),
      ...(username === null ? [] : [text(username)]),
      ...(password === null ? [] : [binary(Buffer.from(password))]),
    ];
    return this.#ask("CONNECT", encodePacket(PACKET.connect, 0, ...body), PACKET.connack, (packet, operation) => {
      const reader = new BodyReader(packet.body);
      const [acknowledge, code] = [reader.byte(), reader.byte()];
      const reason = reasonOf(version, "connack", code);
      operation.code = code;
      operation.message = reason;
      const connected = {
        code,
        reason,
        sessionPresent: (acknowledge & 1) === 1,
        properties: version === "5" && reader.rest.length > 0 ? readProperties(reader) : {},
      };
      this.#phase = "command";
      return connected;
    });
  }

  /** The code that the server gave each topic: the granted quality of service, or 128 and above for a refusal. */
  async subscribe(topics: readonly { readonly topic: string; readonly qos: number }[]): Promise<{ code: number; reason: string }[]> {
    const id = this.#nextId();
    const filters = topics.flatMap(({ topic, qos }) => [text(topic), Buffer.from([qos])]);
    const packet = encodePacket(PACKET.subscribe, 2, uint16(id), ...this.#noProperties(), ...filters);
    return this.#ask("SUBSCRIBE", packet, PACKET.suback, ({ body }) => {
      const reader = new BodyReader(body);
      if (reader.uint16() !== id) throw violation("the answer to a subscription has another packet's id");
      if (this.#version === "5") readProperties(reader);
      const codes = [...reader.rest];
      if (codes.length !== topics.length) throw violation(`${codes.length} codes for ${topics.length} topics`);
      return codes.map((code) => ({ code, reason: reasonOf(this.#version, "suback", code) }));
    });
  }

  /** Resolves when the server has acknowledged it, at the quality of service 1. */
  async publish(topic: string, payload: Buffer, retain: boolean): Promise<{ code: number; reason: string }> {
    const id = this.#nextId();
    const packet = encodePacket(PACKET.publish, 2 | (retain ? 1 : 0), text(topic), uint16(id), ...this.#noProperties(), payload);
    return this.#ask("PUBLISH", packet, PACKET.puback, ({ body }) => {
      const reader = new BodyReader(body);
      if (reader.uint16() !== id) throw violation("the answer to a message has another packet's id");
      const code = reader.rest.length > 0 ? reader.byte() : 0;
      return { code, reason: reasonOf(this.#version, "puback", code) };
    });
  }

  async ping(): Promise<number> {
    return this.#ask("PING", encodePacket(PACKET.pingreq, 0), PACKET.pingresp, (_, operation) => operation.duration_ms as number);
  }

  /** Waits for messages until `isDone`, or until the time is up. Rejects if the connection is lost meanwhile. */
  async listen(ms: number, isDone: (message: Message | null) => boolean): Promise<void> {
    if (this.#broken !== null) throw this.#broken;
    if (isDone(null)) return;
    await new Promise<void>((resolve, reject) => {
      const stopWaiting = startTimeout(ms, () => finish(resolve));
      const finish = (settle: () => void): void => {
        stopWaiting();
        this.onMessage = null;
        this.#onBroken = null;
        settle();
      };
      this.onMessage = (message) => {
        if (isDone(message)) finish(resolve);
      };
      this.#onBroken = (error) => finish(() => reject(error));
    });
  }

  disconnect(): void {
    if (this.#broken === null) this.#connection.write(encodePacket(PACKET.disconnect, 0));
    this.#connection.waitNoMore();
    this.#connection.close();
  }

  async #ask<Result>(name: string, packet: Buffer, type: number, read: (packet: Packet, operation: Operation) => Result): Promise<Result> {
    if (this.#broken !== null) throw this.#broken;
    const { recorder } = this.#connection.run;
    const operation = recorder.begin(name);
    const answered = new Promise<{ packet: Packet; at: number }>((resolve, reject) => (this.#awaited = { type, resolve, reject }));
    this.#connection.write(packet);
    this.#connection.waitAtMost(this.#timeoutMs);
    const answer = await answered;
    recorder.end(operation, null, null, answer.at);
    return read(answer.packet, operation);
  }

  received(latin1: string, at: number): void {
    try {
      for (const packet of this.#packets.push(Buffer.from(latin1, "latin1"))) this.#take(packet, at);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#fail(error);
    }
  }

  broken({ code, message }: Break): void {
    this.#fail(failureError(this.#phase, code, message));
  }

  #take(packet: Packet, at: number): void {
    if (++this.#received > MAX_UNAWAITED_PACKETS) throw failureError("command", "limit_exceeded", `more than ${MAX_UNAWAITED_PACKETS} packets`);
    const awaited = this.#awaited;
    if (awaited !== null && packet.type === awaited.type) {
      this.#awaited = null;
      this.#connection.waitNoMore();
      awaited.resolve({ packet: { ...packet, body: Buffer.from(packet.body) }, at });
      return;
    }
    switch (packet.type) {
      case PACKET.publish:
        this.#takeMessage(packet, at);
        break;
      case PACKET.pubrel:
        this.#connection.write(encodePacket(PACKET.pubcomp, 0, packet.body.subarray(0, 2)));
        break;
      case PACKET.disconnect:
        throw failureError(
          this.#phase,
          "closed",
          `the server disconnects: ${packet.body.length === 0 ? "no reason" : reasonOf("5", "disconnect", packet.body[0] as number)}`,
        );
      default:
        throw violation(`a packet of type ${packet.type} that nothing asked for`);
    }
  }

  /** A message may come before the answer to its subscription. */
  #takeMessage({ flags, body }: Packet, at: number): void {
    const reader = new BodyReader(body);
    const qos = (flags >> 1) & 3;
    if (qos === 3) throw violation("a message of the quality of service 3");
    const topic = reader.text();
    const id = qos > 0 ? reader.take(2) : null;
    if (this.#version === "5") readProperties(reader);
    if (id !== null) this.#connection.write(encodePacket(qos === 1 ? PACKET.puback : PACKET.pubrec, 0, id));
    const message = { topic, payload: Buffer.from(reader.rest), qos, retained: (flags & 1) === 1, duplicate: (flags & 8) === 8, at };
    this.messageCount += 1;
    if (!message.retained) this.liveCount += 1;
    if (this.messages.length < MAX_KEPT_MESSAGES) this.messages.push(message);
    this.onMessage?.(message);
  }

  #nextId(): number {
    this.#packetId += 1;
    return this.#packetId;
  }

  #noProperties(): Buffer[] {
    return this.#version === "5" ? [Buffer.from([0])] : [];
  }

  #fail(error: FailureError): void {
    this.#broken ??= error;
    this.#connection.waitNoMore();
    const awaited = this.#awaited;
    this.#awaited = null;
    awaited?.reject(error);
    this.#onBroken?.(error);
  }
}
