import { Asn1Error, childrenOf, type Element, elementsIn, expectTag, headerAt, integerOf } from "../../asn1/decode-ber.js";
import { boolean, context, enumerated, integer, octets, sequence, TAG } from "../../asn1/encode-der.js";

/** RFC 4511, section 4: the operations, by their application tags. */
export const OPERATION = {
  bindRequest: 0x60,
  bindResponse: 0x61,
  unbindRequest: 0x42,
  searchRequest: 0x63,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  extendedRequest: 0x77,
  extendedResponse: 0x78,
} as const;

export const OID = { startTls: "1.3.6.1.4.1.1466.20037", whoAmI: "1.3.6.1.4.1.4203.1.11.3" } as const;
export const SCOPES = ["base", "one", "sub"] as const;
export type Scope = (typeof SCOPES)[number];
const VERSION = 3;
const SASL_AUTHENTICATION = 0xa3;

export interface Result {
  readonly code: number;
  readonly name: string;
  readonly diagnostic: string;
  readonly referrals: readonly string[];
}

export interface Entry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly Buffer[]>>;
}

/** One message of the server. */
export interface Response {
  readonly id: number;
  readonly operation: Element;
}

function application(tag: number, ...contents: readonly Buffer[]): Buffer {
  const whole = sequence(...contents);
  whole[0] = tag;
  return whole;
}

export function encodeMessage(id: number, operation: Buffer): Buffer {
  return sequence(integer(id), operation);
}

export function bindRequest(dn: string, password: string): Buffer {
  return application(OPERATION.bindRequest, integer(VERSION), octets(Buffer.from(dn)), context(0, Buffer.from(password)));
}

/** RFC 4511, section 4.2: the choice [3] of the authentication, with the mechanism and what it says. */
export function saslBindRequest(mechanism: string, credentials: string): Buffer {
  const sasl = application(SASL_AUTHENTICATION, octets(Buffer.from(mechanism)), octets(Buffer.from(credentials)));
  return application(OPERATION.bindRequest, integer(VERSION), octets(Buffer.alloc(0)), sasl);
}

/** What the server's mechanism says (serverSaslCreds); null if it says nothing. */
export function saslCredentials(rest: readonly Element[]): Buffer | null {
  return rest.find(({ tag }) => tag === 0x87)?.content ?? null;
}

export function unbindRequest(): Buffer {
  return Buffer.from([OPERATION.unbindRequest, 0]);
}

export function extendedRequest(oid: string): Buffer {
  return application(OPERATION.extendedRequest, context(0, Buffer.from(oid)));
}

export interface Search {
  readonly base: string;
  readonly scope: Scope;
  /** As encodeFilter() gives it. */
  readonly filter: Buffer;
  readonly attributes: readonly string[];
  readonly sizeLimit: number;
  readonly timeLimitSeconds: number;
}

export function searchRequest({ base, scope, filter, attributes, sizeLimit, timeLimitSeconds }: Search): Buffer {
  return application(
    OPERATION.searchRequest,
    octets(Buffer.from(base)),
    enumerated(SCOPES.indexOf(scope)),
    enumerated(0),
    integer(sizeLimit),
    integer(timeLimitSeconds),
    boolean(false),
    filter,
    sequence(...attributes.map((name) => octets(Buffer.from(name)))),
  );
}

/** The end of the message that begins at `offset`; null while it has not arrived whole. Throws an Asn1Error for what is no message. */
export function messageEnd(bytes: Buffer, offset: number): number | null {
  if (bytes.length > offset && bytes[offset] !== TAG.sequence) throw new Asn1Error(`a message begins with 0x${(bytes[offset] as number).toString(16)}`);
  return headerAt(bytes, offset)?.end ?? null;
}

export function readResponse(bytes: Buffer): Response {
  const [id, operation] = childrenOf(expectTag(elementsIn(bytes)[0], TAG.sequence));
  if (operation === undefined) throw new Asn1Error("a message without an operation");
  return { id: integerOf(expectTag(id, TAG.integer)), operation };
}

/** RFC 4511, section 4.1.9: the result that ends an operation, and what follows it. */
export function readResult(operation: Element): { readonly result: Result; readonly rest: readonly Element[] } {
  const [code, , diagnostic, ...rest] = childrenOf(operation);
  const number = integerOf(expectTag(code, TAG.enumerated));
  const referral = rest.find(({ tag }) => tag === 0xa3);
  return {
    result: {
      code: number,
      name: RESULTS[number] ?? `result ${number}`,
      // Active Directory ends its texts with a NUL.
      diagnostic: (expectTag(diagnostic, TAG.octetString).content.toString("utf8").split("\0", 1)[0] as string).slice(0, 1000),
      referrals: referral === undefined ? [] : elementsIn(referral.content).map(({ content }) => content.toString("utf8").slice(0, 1000)),
    },
    rest,
  };
}

/** The value of an extended response (section 4.12). */
export function extendedValue(rest: readonly Element[]): string | null {
  return rest.find(({ tag }) => tag === 0x8b)?.content.toString("utf8") ?? null;
}

export function readEntry(operation: Element): Entry {
  const [dn, attributes] = childrenOf(operation);
  const found: Record<string, readonly Buffer[]> = Object.create(null) as Record<string, readonly Buffer[]>;
  for (const each of childrenOf(expectTag(attributes, TAG.sequence))) {
    const [name, values] = childrenOf(expectTag(each, TAG.sequence));
    found[expectTag(name, TAG.octetString).content.toString("utf8")] = childrenOf(expectTag(values, TAG.set)).map(({ content }) => content);
  }
  return { dn: expectTag(dn, TAG.octetString).content.toString("utf8"), attributes: found };
}

/** RFC 4511, appendix A. */
const RESULTS: Readonly<Record<number, string>> = {
  0: "success",
  1: "operationsError",
  2: "protocolError",
  3: "timeLimitExceeded",
  4: "sizeLimitExceeded",
  7: "authMethodNotSupported",
  8: "strongerAuthRequired",
  10: "referral",
  11: "adminLimitExceeded",
  12: "unavailableCriticalExtension",
  13: "confidentialityRequired",
  14: "saslBindInProgress",
  16: "noSuchAttribute",
  17: "undefinedAttributeType",
  18: "inappropriateMatching",
  21: "invalidAttributeSyntax",
  32: "noSuchObject",
  33: "aliasProblem",
  34: "invalidDNSyntax",
  36: "aliasDereferencingProblem",
  48: "inappropriateAuthentication",
  49: "invalidCredentials",
  50: "insufficientAccessRights",
  51: "busy",
  52: "unavailable",
  53: "unwillingToPerform",
  54: "loopDetect",
  80: "other",
};
