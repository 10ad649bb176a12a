import { Asn1Error, childrenOf, elementAt, expectTag, integerOf } from "./decode-ber.js";
import { TAG } from "./encode-der.js";

/** What an OCSP response says of the first certificate in it (RFC 6960, 4.2). Its signature is not checked. */
export interface OcspStatus {
  readonly status: "good" | "revoked" | "unknown" | "error";
  readonly this_update: string | null;
  readonly next_update: string | null;
}

export function readOcspResponse(bytes: Buffer): OcspStatus {
  const [status, wrapped] = childrenOf(expectTag(elementAt(bytes), TAG.sequence));
  if (integerOf(expectTag(status, TAG.enumerated)) !== 0 || wrapped === undefined) return { status: "error", this_update: null, next_update: null };
  const [, basic] = childrenOf(elementAt(wrapped.content));
  const [data] = childrenOf(elementAt(expectTag(basic, TAG.octetString).content));
  // version [0], responderID [1] or [2], producedAt, responses: the list is the only plain sequence.
  const responses = childrenOf(expectTag(data, TAG.sequence)).find(({ tag }) => tag === TAG.sequence);
  const [single] = childrenOf(expectTag(responses, TAG.sequence));
  const [, certificateStatus, thisUpdate, nextUpdate] = childrenOf(expectTag(single, TAG.sequence));
  const meaning = { 128: "good", 161: "revoked", 130: "unknown" } as const;
  const found = meaning[certificateStatus?.tag as keyof typeof meaning];
  if (found === undefined) throw new Asn1Error("an OCSP status that does not exist");
  return {
    status: found,
    this_update: generalizedTime(expectTag(thisUpdate, TAG.generalizedTime).content),
    next_update: nextUpdate?.tag === 0xa0 ? generalizedTime(elementAt(nextUpdate.content).content) : null,
  };
}

/** RFC 5280, 4.1.2.5.2: YYYYMMDDHHMMSSZ. */
function generalizedTime(content: Buffer): string {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(content.toString("latin1")) ?? [];
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(time.getTime())) throw new Asn1Error("a time that is none");
  return time.toISOString();
}
