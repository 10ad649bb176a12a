import { X509Certificate } from "node:crypto";
import type { TlsFacts } from "../../schemas/tls.js";
import { Asn1Error, elementAt, elementsIn, integerOf } from "../asn1/decode-ber.js";
import { type OcspStatus, readOcspResponse } from "../asn1/ocsp.js";
import { fullHandshake } from "../net/transport/full-handshake.js";
import { factsOf } from "../net/transport/handshake.js";
import { peerChain } from "../net/transport/peer-chain.js";
import { ALPN_CANDIDATES } from "./scan.js";
import { type Scanner, Unanswered } from "./scanner.js";

/** What only a whole handshake shows. */
export interface HandshakeFacts {
  tls: TlsFacts;
  chain: Buffer[];
  ocsp: OcspStatus | null;
  resumed: boolean | null;
  /** Bytes of early data that a ticket allows (RFC 8446, 4.6.1); null where no ticket was given. */
  earlyDataBytes: number | null;
}

export interface HandshakeOptions {
  readonly name: string;
  readonly servername: string | null;
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

export async function wholeHandshake(scanner: Scanner, { name, servername, ca, timeoutMs }: HandshakeOptions): Promise<HandshakeFacts> {
  let alpn: readonly string[] = ALPN_CANDIDATES;
  const handshake = (session?: Buffer) => (connection: Parameters<typeof fullHandshake>[0]) =>
    fullHandshake(connection, { servername, alpn, ...(ca === undefined ? {} : { ca }), ...(session === undefined ? {} : { session }) }, timeoutMs).then(
      (done) => {
        const tls = factsOf(done.socket, name, ca);
        const chain = peerChain(done.socket).sent.map(({ raw }) => raw);
        done.socket.destroy();
        return { ...done, tls, chain };
      },
    );
  const first = await scanner
    .withConnection(handshake())
    .catch((error: unknown) => {
      if (!refusesProtocols(error)) throw error;
      alpn = [];
      return scanner.withConnection(handshake());
    })
    .catch(asUnanswered);
  const facts: HandshakeFacts = {
    tls: first.tls,
    chain: first.chain,
    ocsp: first.ocspResponse === null ? null : ocspStatus(first.ocspResponse),
    resumed: null,
    earlyDataBytes: first.session === null ? null : earlyData(first.session),
  };
  if (first.session === null) return facts;
  const second = await scanner.withConnection(handshake(first.session)).catch(() => null);
  return { ...facts, resumed: second?.isResumed ?? null };
}

const SCHEMES_OF = {
  rsa: "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512",
  other: "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448",
} as const;

/** The chain of the server's other certificate, asked for by its signature schemes; null without one. TLS 1.3 shows certificates to whole handshakes only. */
export async function otherChain(scanner: Scanner, { servername, timeoutMs }: HandshakeOptions, { tls, chain }: HandshakeFacts): Promise<Buffer[] | null> {
  const [leaf] = chain;
  if (leaf === undefined) return null;
  const isRsa = new X509Certificate(leaf).publicKey.asymmetricKeyType?.startsWith("rsa") === true;
  const options = { servername, alpn: tls.alpn === null ? [] : [tls.alpn], sigalgs: SCHEMES_OF[isRsa ? "other" : "rsa"] };
  const ask = async (connection: Parameters<typeof fullHandshake>[0]): Promise<Buffer[]> => {
    const { socket } = await fullHandshake(connection, options, timeoutMs);
    const { sent } = peerChain(socket);
    socket.destroy();
    return sent.map(({ raw }) => raw);
  };
  // It refuses the schemes: that is what a server with one certificate does.
  return await scanner.withConnection(ask).catch(() => null);
}

/** RFC 7301, section 3.2: the alert of a server that has another protocol than those that were offered. */
function refusesProtocols(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";
}

function asUnanswered(error: unknown): never {
  // OpenSSL's messages hold source files and addresses: its reason is what says something.
  throw error instanceof Error && error.name !== "FailureError" ? new Unanswered((error as { reason?: string }).reason ?? error.message) : error;
}

function ocspStatus(response: Buffer): OcspStatus {
  try {
    return readOcspResponse(response);
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error;
    return { status: "error", this_update: null, next_update: null };
  }
}

/** OpenSSL writes a session as a SEQUENCE, in which [15] is the early data that its ticket allows. */
function earlyData(session: Buffer): number | null {
  try {
    const field = elementsIn(elementAt(session).content).find(({ tag }) => tag === 0xaf);
    return field === undefined ? 0 : integerOf(elementAt(field.content));
  } catch {
    return null;
  }
}
