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
  const handshake = (session?: Buffer) => (connection: Parameters<typeof fullHandshake>[0]) =>
    fullHandshake(
      connection,
      { servername, alpn: ALPN_CANDIDATES, ...(ca === undefined ? {} : { ca }), ...(session === undefined ? {} : { session }) },
      timeoutMs,
    ).then((done) => {
      const tls = factsOf(done.socket, name, ca);
      const chain = peerChain(done.socket).sent.map(({ raw }) => raw);
      done.socket.destroy();
      return { ...done, tls, chain };
    });
  const first = await scanner.withConnection(handshake()).catch(asUnanswered);
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
