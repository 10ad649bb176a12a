import { isUtf8 } from "node:buffer";
import { Asn1Error, bigIntegerOf, childrenOf, type Element, elementAt, elementsIn, expectTag, integerOf, objectIdentifierOf } from "../../asn1/decode-ber.js";
import { integer, objectIdentifier, octets, sequence, TAG } from "../../asn1/encode-der.js";

/** RFC 3416, section 3. */
export const PDU = { get: 0xa0, getNext: 0xa1, response: 0xa2, report: 0xa8 } as const;

const VALUE_TYPES = {
  2: "integer",
  4: "octet_string",
  5: "null",
  6: "object_identifier",
  64: "ip_address",
  65: "counter32",
  66: "gauge32",
  67: "timeticks",
  68: "opaque",
  70: "counter64",
  128: "no_such_object",
  129: "no_such_instance",
  130: "end_of_mib_view",
} as const;
export type ValueType = (typeof VALUE_TYPES)[keyof typeof VALUE_TYPES];
export const SNMP_TYPES = Object.values(VALUE_TYPES) as [ValueType, ...ValueType[]];

/** Something is there for the object, and it has no value. */
export const EXCEPTIONS: ReadonlySet<ValueType> = new Set(["no_such_object", "no_such_instance", "end_of_mib_view"]);

/** RFC 3416, section 3; 1 to 5 are also of version 1. */
const ERRORS =
  "noError tooBig noSuchName badValue readOnly genErr noAccess wrongType wrongLength wrongEncoding wrongValue noCreation inconsistentValue resourceUnavailable commitFailed undoFailed authorizationError notWritable inconsistentName".split(
    " ",
  );

export interface SnmpValue {
  readonly oid: string;
  readonly type: ValueType;
  /** A number of up to 32 bits; else text: a 64-bit counter in decimal, bytes that are no text in hexadecimal. */
  readonly value: string | number | null;
  /** The bytes of an octet string. */
  readonly hex: string | null;
}

export interface Pdu {
  readonly kind: number;
  readonly requestId: number;
  readonly error: string;
  /** Which of the variables the error is about, from 1 on; 0 for none. */
  readonly errorIndex: number;
  readonly values: readonly SnmpValue[];
}

export function encodePdu(kind: number, requestId: number, oids: readonly string[]): Buffer {
  const variables = oids.map((oid) => sequence(objectIdentifier(oid), Buffer.from([TAG.null, 0])));
  const whole = sequence(integer(requestId), integer(0), integer(0), sequence(...variables));
  whole[0] = kind;
  return whole;
}

/** Throws an Asn1Error for what is not a PDU. */
export function readPdu(element: Element): Pdu {
  const [requestId, status, index, variables] = childrenOf(element);
  const error = integerOf(expectTag(status, TAG.integer));
  return {
    kind: element.tag,
    requestId: integerOf(expectTag(requestId, TAG.integer)),
    error: ERRORS[error] ?? `error ${error}`,
    errorIndex: integerOf(expectTag(index, TAG.integer)),
    values: childrenOf(expectTag(variables, TAG.sequence)).map(readVariable),
  };
}

function readVariable(element: Element): SnmpValue {
  const [name, value] = childrenOf(expectTag(element, TAG.sequence));
  const oid = objectIdentifierOf(expectTag(name, TAG.objectIdentifier));
  const type = VALUE_TYPES[(value as Element | undefined)?.tag as keyof typeof VALUE_TYPES];
  if (type === undefined || value === undefined) throw new Asn1Error(`a value with the tag ${value?.tag ?? "none"}`);
  return { oid, type, ...readValue(type, value) };
}

function readValue(type: ValueType, element: Element): Pick<SnmpValue, "value" | "hex"> {
  const { content } = element;
  switch (type) {
    case "integer":
      return { value: integerOf(element), hex: null };
    case "counter32":
    case "gauge32":
    case "timeticks":
      return { value: unsignedOf(element, 32), hex: null };
    case "counter64":
      return { value: String(BigInt.asUintN(64, bigIntegerOf(element))), hex: null };
    case "object_identifier":
      return { value: objectIdentifierOf(element), hex: null };
    case "ip_address":
      return { value: content.length === 4 ? [...content].join(".") : content.toString("hex"), hex: null };
    case "octet_string":
    case "opaque": {
      const hex = content.toString("hex");
      return { value: isText(content) ? content.toString("utf8") : hex, hex };
    }
    default:
      return { value: null, hex: null };
  }
}

/** Agents write unsigned numbers with and without the leading zero. */
function unsignedOf(element: Element, bits: number): number {
  return Number(BigInt.asUintN(bits, bigIntegerOf(element)));
}

function isText(content: Buffer): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return isUtf8(content) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(content.toString("utf8"));
}

/** RFC 1901 and RFC 1157: a version, a community and a PDU. */
export function encodeCommunityMessage(version: 0 | 1, community: string, pdu: Buffer): Buffer {
  return sequence(integer(version), octets(Buffer.from(community)), pdu);
}

export function readCommunityMessage(datagram: Buffer, version: 0 | 1): Pdu {
  const [number, , pdu] = childrenOf(expectTag(elementAt(datagram), TAG.sequence));
  if (integerOf(expectTag(number, TAG.integer)) !== version) throw new Asn1Error("a message of another version");
  if (pdu === undefined) throw new Asn1Error("a message without a PDU");
  return readPdu(pdu);
}

export function firstElement(bytes: Buffer): Element {
  const [first] = elementsIn(bytes);
  if (first === undefined) throw new Asn1Error("no element");
  return first;
}
