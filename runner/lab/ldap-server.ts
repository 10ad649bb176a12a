import { childrenOf, elementsIn, integerOf } from "../asn1/decode-ber.js";
import { enumerated, octets, sequence, set } from "../asn1/encode-der.js";
import { encodeMessage, messageEnd, OPERATION } from "../net/ldap/message.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

export interface LdapServerSettings {
  readonly port?: number;
  /** The name and the password that may bind. */
  readonly account?: { readonly dn: string; readonly password: string };
  /** Whether the tree can be read without a bind. */
  readonly isOpen?: boolean;
}

const TREE = "dc=example,dc=org";
const ROOT_DSE = { supportedLDAPVersion: ["3"], namingContexts: [TREE], supportedSASLMechanisms: ["EXTERNAL", "SCRAM-SHA-256"], vendorName: ["probe-run lab"] };
const ACCOUNT = { dn: `cn=lab,${TREE}`, password: "lab-password" };

/** A small directory: a root DSE, one tree with one entry, simple binds. */
export function startLdapServer({ port = 0, account = ACCOUNT, isOpen = true }: LdapServerSettings = {}): Promise<Listener> {
  return listen((socket) => new Client(socket, account, isOpen).start(), { port });
}

class Client {
  #received = Buffer.alloc(0);
  #isBound = false;

  constructor(
    readonly socket: AcceptedSocket,
    readonly account: NonNullable<LdapServerSettings["account"]>,
    readonly isOpen: boolean,
  ) {}

  start(): void {
    const { socket } = this;
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      try {
        for (let end = messageEnd(this.#received, 0); end !== null && end <= this.#received.length; end = messageEnd(this.#received, 0)) {
          const message = this.#received.subarray(0, end);
          this.#received = this.#received.subarray(end);
          this.#answer(message);
        }
      } catch {
        // What cannot be read ends the connection.
        socket.destroy();
      }
    });
  }

  #answer(message: Buffer): void {
    const [id, operation] = childrenOf(elementsIn(message)[0] as never);
    if (id === undefined || operation === undefined) return;
    const fields = operation.tag === OPERATION.unbindRequest ? [] : childrenOf(operation);
    const number = integerOf(id);
    const send = (tag: number, ...contents: readonly Buffer[]): void => {
      const whole = sequence(...contents);
      whole[0] = tag;
      this.socket.write(encodeMessage(number, whole));
    };
    const result = (tag: number, code: number): void => send(tag, enumerated(code), octets(Buffer.alloc(0)), octets(Buffer.alloc(0)));
    switch (operation.tag) {
      case OPERATION.bindRequest:
        this.#isBound = fields[1]?.content.toString() === this.account.dn && fields[2]?.content.toString() === this.account.password;
        result(OPERATION.bindResponse, this.#isBound ? 0 : 49);
        break;
      case OPERATION.searchRequest:
        this.#search(fields[0]?.content.toString() ?? "", send);
        result(OPERATION.searchDone, 0);
        break;
      case OPERATION.extendedRequest:
        result(OPERATION.extendedResponse, 2);
        break;
      default:
        this.socket.end();
    }
  }

  #search(base: string, send: (tag: number, ...contents: readonly Buffer[]) => void): void {
    const attributes = (values: Readonly<Record<string, readonly string[]>>): Buffer =>
      sequence(...Object.entries(values).map(([name, each]) => sequence(octets(Buffer.from(name)), set(...each.map((value) => octets(Buffer.from(value)))))));
    if (base === "") send(OPERATION.searchEntry, octets(Buffer.alloc(0)), attributes(ROOT_DSE));
    else if (base === TREE && (this.isOpen || this.#isBound)) send(OPERATION.searchEntry, octets(Buffer.from(TREE)), attributes({ o: ["Example"] }));
  }
}
