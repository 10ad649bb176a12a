import { randomBytes } from "node:crypto";
import { EXTENSION, PROTOCOL_VERSIONS, type ProtocolVersion } from "./parameters.js";

/** What one ClientHello offers. It asks a question: nothing is ever encrypted on its connection. */
export interface Offer {
  readonly version: ProtocolVersion;
  readonly suites: readonly number[];
  /** Empty: the extension is left out, as SSLv3 clients do. */
  readonly groups: readonly number[];
  readonly signatureSchemes: readonly number[];
  readonly servername: string | null;
  readonly alpn?: readonly string[];
  /** DEFLATE beside none (RFC 3749). */
  readonly compression?: boolean;
  readonly statusRequest?: boolean;
}

/**
 * A ClientHello in one record (RFC 8446, 4.1.2, which is also that of older versions). For TLS 1.3 its key share is empty, so that
 * the server answers with HelloRetryRequest, which names the group it wants in the clear.
 */
export function clientHello(offer: Offer): Buffer {
  const isTls13 = offer.version === "TLSv1.3";
  const version = isTls13 ? PROTOCOL_VERSIONS["TLSv1.2"] : PROTOCOL_VERSIONS[offer.version];
  const body = Buffer.concat([
    number(version, 2),
    randomBytes(32),
    // RFC 8446, D.4: boxes between expect a session id from what looks like a resumption.
    vector(1, isTls13 ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, numbers(offer.suites)),
    vector(1, Buffer.from(offer.compression === true ? [1, 0] : [0])),
    offer.version === "SSLv3" ? Buffer.alloc(0) : vector(2, Buffer.concat(extensions(offer, isTls13))),
  ]);
  const message = Buffer.concat([Buffer.from([1]), number(body.length, 3), body]);
  // RFC 8446, 5.1: the record of a first hello says 3.1, which every server takes.
  return Buffer.concat([Buffer.from([22]), number(Math.min(version, PROTOCOL_VERSIONS.TLSv1), 2), vector(2, message)]);
}

function extensions(offer: Offer, isTls13: boolean): Buffer[] {
  const { servername, groups, signatureSchemes, alpn = [], statusRequest } = offer;
  const found: Buffer[] = [];
  const add = (id: number, content: Buffer): void => void found.push(Buffer.concat([number(id, 2), vector(2, content)]));
  if (servername !== null) add(EXTENSION.serverName, vector(2, Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(servername))])));
  if (groups.length > 0) add(EXTENSION.supportedGroups, vector(2, numbers(groups)));
  if (signatureSchemes.length > 0) add(EXTENSION.signatureAlgorithms, vector(2, numbers(signatureSchemes)));
  if (alpn.length > 0) add(EXTENSION.applicationLayerProtocols, vector(2, Buffer.concat(alpn.map((name) => vector(1, Buffer.from(name))))));
  if (statusRequest === true) add(EXTENSION.statusRequest, Buffer.from([1, 0, 0, 0, 0]));
  if (isTls13) {
    add(EXTENSION.supportedVersions, vector(1, number(PROTOCOL_VERSIONS["TLSv1.3"], 2)));
    add(EXTENSION.pskKeyExchangeModes, vector(1, Buffer.from([1])));
    add(EXTENSION.keyShare, vector(2, Buffer.alloc(0)));
    return found;
  }
  add(EXTENSION.pointFormats, vector(1, Buffer.from([0, 1, 2])));
  add(EXTENSION.renegotiationInfo, vector(1, Buffer.alloc(0)));
  add(EXTENSION.extendedMasterSecret, Buffer.alloc(0));
  add(EXTENSION.encryptThenMac, Buffer.alloc(0));
  add(EXTENSION.sessionTicket, Buffer.alloc(0));
  return found;
}

function number(value: number, bytes: number): Buffer {
  const written = Buffer.alloc(bytes);
  written.writeUIntBE(value, 0, bytes);
  return written;
}

function numbers(values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => number(value, 2)));
}

/** RFC 8446, 3.4: content with its length before it. */
function vector(lengthBytes: number, content: Buffer): Buffer {
  return Buffer.concat([number(content.length, lengthBytes), content]);
}
