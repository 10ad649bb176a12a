/** Why a text is no document that is read: it is not well-formed, has a document type, or is beyond a limit. */
export class XmlError extends Error {
  override readonly name = "XmlError";

  constructor(
    readonly kind: "malformed" | "doctype" | "limit",
    message: string,
  ) {
    super(message);
  }
}

export function malformed(message: string): XmlError {
  return new XmlError("malformed", message);
}
