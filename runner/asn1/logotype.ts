import { extensionValue } from "./certificate.js";
import { childrenOf, type Element, elementAt, expectTag, objectIdentifierOf } from "./decode-ber.js";
import { TAG } from "./encode-der.js";
import { EXTENSION } from "./names.js";

/** One image of a certificate's subject (RFC 9399, 4.1). */
export interface Logotype {
  readonly media_type: string;
  readonly hashes: readonly { readonly algorithm: string; readonly value: Buffer }[];
  /** In a certificate of a mark one `data:` URI. */
  readonly uris: readonly string[];
}

const IA5_STRING = 0x16;
const SUBJECT_LOGO = 0xa2;
const DIRECT = 0xa0;

/** The images that stand in a certificate itself, those of its subject. Throws Asn1Error when the extension cannot be read. */
export function subjectLogotypes(certificate: Buffer): Logotype[] {
  const value = extensionValue(certificate, EXTENSION.logotype);
  if (value === null) return [];
  const wrapped = childrenOf(expectTag(elementAt(value), TAG.sequence)).find(({ tag }) => tag === SUBJECT_LOGO);
  const info = wrapped === undefined ? undefined : childrenOf(wrapped)[0];
  // Implicitly tagged: its content is that of LogotypeData, whose images come first.
  const images = info?.tag === DIRECT ? childrenOf(info).find(({ tag }) => tag === TAG.sequence) : undefined;
  return images === undefined ? [] : childrenOf(images).slice(0, 10).map(logotypeOf);
}

function logotypeOf(image: Element): Logotype {
  const [type, hashes, uris] = childrenOf(expectTag(childrenOf(image)[0], TAG.sequence));
  return {
    media_type: textOf(expectTag(type, IA5_STRING)),
    hashes: childrenOf(expectTag(hashes, TAG.sequence)).map((each) => {
      const [algorithm, digest] = childrenOf(each);
      const [id] = childrenOf(expectTag(algorithm, TAG.sequence));
      return { algorithm: objectIdentifierOf(expectTag(id, TAG.objectIdentifier)), value: expectTag(digest, TAG.octetString).content };
    }),
    uris: childrenOf(expectTag(uris, TAG.sequence)).map((each) => textOf(expectTag(each, IA5_STRING))),
  };
}

function textOf({ content }: Element): string {
  return content.toString("latin1");
}
