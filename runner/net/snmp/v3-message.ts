import { Asn1Error, childrenOf, type Element, elementAt, expectTag, integerOf } from "../../asn1/decode-ber.js";
import { integer, octets, sequence, TAG } from "../../asn1/encode-der.js";
import { firstElement, type Pdu, readPdu } from "./pdu.js";
import { type AuthProtocol, decrypt, type EngineClock, encrypt, isSameMac, macBytes, macOf, type PrivacyProtocol } from "./usm.js";

const VERSION = 3;
const USER_SECURITY_MODEL = 3;
const MAX_BYTES = 65_507;
const FLAG = { auth: 1, privacy: 2, reportable: 4 } as const;

export interface Engine extends EngineClock {
  readonly id: Buffer;
}

/** What a message is secured with. */
export interface Security {
  readonly user: string;
  readonly auth: { readonly protocol: AuthProtocol; readonly key: Buffer } | null;
  readonly privacy: { readonly protocol: PrivacyProtocol; readonly key: Buffer } | null;
}

export interface V3Message {
  readonly messageId: number;
  readonly engine: Engine;
  readonly pdu: Pdu;
  /** Its code was checked with the user's key. */
  readonly isAuthentic: boolean;
}

export function encodeV3(messageId: number, engine: Engine, { user, auth, privacy }: Security, context: string, pdu: Buffer): Buffer {
  const flags = FLAG.reportable | (auth === null ? 0 : FLAG.auth) | (privacy === null ? 0 : FLAG.privacy);
  const scoped = sequence(octets(engine.id), octets(Buffer.from(context)), pdu);
  const sealed = privacy === null ? null : encrypt(privacy.protocol, privacy.key, engine, scoped);
  const mac = Buffer.alloc(auth === null ? 0 : macBytes(auth.protocol));
  const parameters = (code: Buffer): Buffer =>
    sequence(octets(engine.id), integer(engine.boots), integer(engine.time), octets(Buffer.from(user)), octets(code), octets(sealed?.salt ?? Buffer.alloc(0)));
  const message = (code: Buffer): Buffer =>
    sequence(
      integer(VERSION),
      sequence(integer(messageId), integer(MAX_BYTES), octets(Buffer.from([flags])), integer(USER_SECURITY_MODEL)),
      octets(parameters(code)),
      sealed === null ? scoped : octets(sealed.encrypted),
    );
  return auth === null ? message(mac) : message(macOf(auth.protocol, auth.key, message(mac)));
}

/** Throws an Asn1Error for what is no message, or is not secured as it says. */
export function readV3(datagram: Buffer, { auth, privacy }: Security): V3Message {
  const [version, header, parameters, data] = childrenOf(expectTag(elementAt(datagram), TAG.sequence));
  if (integerOf(expectTag(version, TAG.integer)) !== VERSION) throw new Asn1Error("a message of another version");
  const [messageId, , flagBytes] = childrenOf(expectTag(header, TAG.sequence));
  const flags = expectTag(flagBytes, TAG.octetString).content[0] ?? 0;
  const [engineId, boots, time, , mac, salt] = childrenOf(firstElement(expectTag(parameters, TAG.octetString).content));
  const engine = {
    id: Buffer.from(expectTag(engineId, TAG.octetString).content),
    boots: integerOf(expectTag(boots, TAG.integer)),
    time: integerOf(expectTag(time, TAG.integer)),
  };
  const isAuthentic = (flags & FLAG.auth) !== 0;
  if (isAuthentic && (auth === null || !isAuthenticated(datagram, expectTag(mac, TAG.octetString).content, auth)))
    throw new Asn1Error("the message's authentication code is wrong");
  const scoped = scopedOf(flags, data, engine, expectTag(salt, TAG.octetString).content, privacy);
  const [, , pdu] = childrenOf(expectTag(scoped, TAG.sequence));
  if (pdu === undefined) throw new Asn1Error("a message without a PDU");
  return { messageId: integerOf(expectTag(messageId, TAG.integer)), engine, pdu: readPdu(pdu), isAuthentic };
}

/** The code's place in the datagram holds zeros while it is computed. */
function isAuthenticated(datagram: Buffer, mac: Buffer, { protocol, key }: NonNullable<Security["auth"]>): boolean {
  const whole = elementAt(datagram).bytes;
  const copy = Buffer.from(whole);
  const at = mac.byteOffset - whole.byteOffset;
  if (at < 0 || at + mac.length > copy.length) return false;
  const sent = Buffer.from(mac);
  copy.fill(0, at, at + mac.length);
  return isSameMac(sent, macOf(protocol, key, copy));
}

function scopedOf(flags: number, data: Element | undefined, engine: Engine, salt: Buffer, privacy: Security["privacy"]): Element {
  if (data === undefined) throw new Asn1Error("a message without data");
  if ((flags & FLAG.privacy) === 0) return data;
  if (privacy === null) throw new Asn1Error("an encrypted message, and no key");
  return firstElement(decrypt(privacy.protocol, privacy.key, engine, salt, expectTag(data, TAG.octetString).content));
}
