import { createHash, createPublicKey, diffieHellman, generateKeyPairSync, sign } from "node:crypto";
import { type Algorithms, encodeKexInit } from "../net/ssh/kex-init.js";
import { MESSAGE } from "../net/ssh/transport.js";
import { mpint, string, uint32, WireReader } from "../net/ssh/wire.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface SshServerSettings {
  readonly port?: number;
  readonly identification?: string;
  readonly algorithms?: Partial<Algorithms>;
  /** Signs something else than the exchange, as a server without the private key would have to. */
  readonly isImpostor?: boolean;
}

const USUAL: Algorithms = {
  // The first is offered as by current servers. A client that takes it cannot be served.
  key_exchange: ["mlkem768x25519-sha256", "curve25519-sha256", "kex-strict-s-v00@openssh.com"],
  host_key: ["ssh-ed25519"],
  encryption_to_server: ["aes256-gcm@openssh.com"],
  encryption_to_client: ["aes256-gcm@openssh.com"],
  mac_to_server: ["hmac-sha2-256-etm@openssh.com"],
  mac_to_client: ["hmac-sha2-256-etm@openssh.com"],
  compression_to_server: ["none"],
  compression_to_client: ["none"],
};
const X25519_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

/** The beginning of SSH, up to the server's signature: X25519 and an Ed25519 host key. Logging in is not possible. */
export function startSshServer({
  port = 0,
  identification = "SSH-2.0-Lab_1.0",
  algorithms = {},
  isImpostor = false,
}: SshServerSettings = {}): Promise<Listener> {
  const signer = new Signer(isImpostor);
  return listen((socket) => new Session(socket, identification, encodeKexInit({ ...USUAL, ...algorithms }), signer).start(), { port });
}

class Session {
  #received = Buffer.alloc(0);
  #client: string | null = null;
  #clientInit: Buffer | null = null;

  constructor(
    readonly socket: AcceptedSocket,
    readonly identification: string,
    readonly init: Buffer,
    readonly signer: Signer,
  ) {}

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.write(`${this.identification}\r\n`);
    socket.write(packet(this.init));
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    if (this.#client === null) {
      const end = this.#received.indexOf("\n");
      if (end === -1) return;
      this.#client = this.#received.subarray(0, end).toString("latin1").trimEnd();
      this.#received = this.#received.subarray(end + 1);
    }
    for (let payload = this.#nextPayload(); payload !== null; payload = this.#nextPayload()) this.#answer(payload, this.#client);
  }

  #answer(payload: Buffer, client: string): void {
    if (payload[0] === MESSAGE.kexInit) this.#clientInit = payload;
    else if (payload[0] === MESSAGE.kexRequest && this.#clientInit !== null) {
      const said = [string(client), string(this.identification), string(this.#clientInit), string(this.init)];
      this.socket.write(packet(this.signer.reply(payload, said)));
    } else if (payload[0] === MESSAGE.disconnect) this.socket.end();
  }

  #nextPayload(): Buffer | null {
    const received = this.#received;
    if (received.length < 5 || received.length < 4 + received.readUInt32BE(0)) return null;
    const length = received.readUInt32BE(0);
    this.#received = received.subarray(4 + length);
    return Buffer.from(received.subarray(5, 4 + length - (received[4] as number)));
  }
}

/** Has the host key, and signs exchanges with it. */
class Signer {
  readonly #host = generateKeyPairSync("ed25519");
  readonly #blob = Buffer.concat([string("ssh-ed25519"), string(raw(this.#host.publicKey))]);

  constructor(readonly isImpostor: boolean) {}

  reply(request: Buffer, said: readonly Buffer[]): Buffer {
    const reader = new WireReader(request);
    reader.byte();
    const theirs = reader.string();
    const own = generateKeyPairSync("x25519");
    const publicKey = createPublicKey({ key: Buffer.concat([X25519_PREFIX, theirs]), format: "der", type: "spki" });
    const secret = diffieHellman({ privateKey: own.privateKey, publicKey });
    const whole = Buffer.concat([...said, string(this.#blob), string(theirs), string(raw(own.publicKey)), mpint(secret)]);
    const signed = this.isImpostor ? Buffer.from("something else") : createHash("sha256").update(whole).digest();
    const signature = Buffer.concat([string("ssh-ed25519"), string(sign(null, signed, this.#host.privateKey))]);
    return Buffer.concat([Buffer.from([MESSAGE.kexReply]), string(this.#blob), string(raw(own.publicKey)), string(signature)]);
  }
}

function raw(key: ReturnType<typeof createPublicKey>): Buffer {
  return key.export({ type: "spki", format: "der" }).subarray(-32);
}

function packet(payload: Buffer): Buffer {
  const padding = 8 + ((8 - ((5 + payload.length) % 8)) % 8);
  return Buffer.concat([uint32(1 + payload.length + padding), Buffer.from([padding]), payload, Buffer.alloc(padding)]);
}
