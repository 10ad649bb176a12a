import type { HttpAnomalyKind } from "../../../schemas/http.js";
import { failureError } from "../../run/failure-error.js";
import { fieldValue, fieldValues, type ResponseHead } from "./message.js";

/** How the end of a body is found. */
export type Framing = { readonly kind: "none" | "chunked" | "until_close" } | { readonly kind: "sized"; readonly bytes: number };

/** RFC 9112, section 6.3. Whatever can be read in two ways is refused: that is how responses are smuggled past a proxy. */
export function framingOf(method: string, head: ResponseHead, { anomaly }: { anomaly(kind: HttpAnomalyKind, detail: string): void }): Framing {
  if (method === "HEAD" || head.status < 200 || head.status === 204 || head.status === 304) return { kind: "none" };
  const coding = fieldValue(head.fields, "transfer-encoding");
  const lengths = fieldValues(head.fields, "content-length").flatMap((value) => value.split(",").map((part) => part.trim()));
  if (coding !== null) {
    if (lengths.length > 0) throw violation("the response has both Transfer-Encoding and Content-Length");
    if (head.version === "1.0") throw violation("an HTTP/1.0 response has Transfer-Encoding");
    if (coding.toLowerCase() === "chunked") return { kind: "chunked" };
    throw failureError("headers", "unsupported", `the transfer coding ${JSON.stringify(coding)} is not supported`);
  }
  const [length] = lengths;
  if (length === undefined) return { kind: "until_close" };
  if (!/^[0-9]{1,15}$/.test(length)) throw violation(`the Content-Length ${JSON.stringify(length.slice(0, 40))} is no length`);
  if (lengths.some((other) => other !== length)) throw violation(`the response has different Content-Lengths: ${lengths.slice(0, 4).join(", ")}`);
  if (lengths.length > 1) anomaly("repeated_content_length", length);
  return { kind: "sized", bytes: Number(length) };
}

function violation(message: string) {
  return failureError("headers", "protocol_violation", message);
}
