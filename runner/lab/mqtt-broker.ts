import { BodyReader, encodePacket, PACKET, type Packet, PacketReader, text, uint16 } from "../net/mqtt/packet.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface MqttBrokerSettings {
  readonly port?: number;
  /** Topics with a message that the broker kept. */
  readonly retained?: Readonly<Record<string, string>>;
  /** CONNACK of version 5; 0 accepts. */
  readonly connackCode?: number;
}

/** A broker of version 5 for one client: it keeps messages, and sends back what the client publishes. */
export function startMqttBroker({ port = 0, retained = {}, connackCode = 0 }: MqttBrokerSettings = {}): Promise<Listener> {
  return listen((socket) => new Client(socket, retained, connackCode).start(), { port });
}

class Client {
  readonly #packets = new PacketReader();
  readonly #topics = new Set<string>();

  constructor(
    readonly socket: AcceptedSocket,
    readonly retained: Readonly<Record<string, string>>,
    readonly connackCode: number,
  ) {}

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      try {
        for (const packet of this.#packets.push(bytes)) this.#answer(packet);
      } catch {
        // What cannot be read ends the connection, as brokers do.
        socket.destroy();
      }
    });
  }

  #answer({ type, flags, body }: Packet): void {
    switch (type) {
      case PACKET.connect:
        this.socket.write(encodePacket(PACKET.connack, 0, Buffer.from([0, this.connackCode, 0])));
        break;
      case PACKET.subscribe:
        this.#subscribe(new BodyReader(body));
        break;
      case PACKET.publish:
        this.#publish(new BodyReader(body), (flags >> 1) & 3);
        break;
      case PACKET.pingreq:
        this.socket.write(encodePacket(PACKET.pingresp, 0));
        break;
      default:
        this.socket.end();
    }
  }

  #subscribe(reader: BodyReader): void {
    const id = reader.uint16();
    reader.take(reader.variableInteger());
    const codes: number[] = [];
    while (reader.rest.length > 0) {
      this.#topics.add(reader.text());
      codes.push(reader.byte() & 3);
    }
    this.socket.write(encodePacket(PACKET.suback, 0, uint16(id), Buffer.from([0, ...codes])));
    for (const topic of this.#topics)
      if (Object.hasOwn(this.retained, topic))
        this.socket.write(encodePacket(PACKET.publish, 1, text(topic), Buffer.from([0]), Buffer.from(this.retained[topic] as string)));
  }

  #publish(reader: BodyReader, qos: number): void {
    const topic = reader.text();
    if (qos > 0) this.socket.write(encodePacket(PACKET.puback, 0, uint16(reader.uint16())));
    reader.take(reader.variableInteger());
    if (this.#topics.has(topic)) this.socket.write(encodePacket(PACKET.publish, 0, text(topic), Buffer.from([0]), reader.rest));
  }
}
