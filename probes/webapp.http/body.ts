import { TextDecoder } from "node:util";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { fieldValue } from "../../runner/net/http/message.js";
import type { Output } from "./schema.js";

/** The body of an exchange as the output shows it; null if none began. */
export function bodyOf({ head, body }: Exchange): Output["body"] {
  if (body === null) return null;
  const { bytes, decoded_bytes, sha256, truncated } = body;
  const { type, charset } = contentTypeOf(fieldValue(head?.fields ?? [], "content-type"));
  return { bytes, decoded_bytes, sha256, truncated, content_type: type, charset, content_encoding: fieldValue(head?.fields ?? [], "content-encoding") };
}

/** The decoded beginning of a body as text. */
export function textOf(exchange: Exchange): string | null {
  if (exchange.body === null) return null;
  const { charset } = contentTypeOf(fieldValue(exchange.head?.fields ?? [], "content-type"));
  return decoderFor(charset ?? "utf-8").decode(exchange.body.kept);
}

function decoderFor(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder("utf-8");
  }
}

function contentTypeOf(value: string | null): { type: string | null; charset: string | null } {
  const [type = "", ...parameters] = (value ?? "").split(";").map((part) => part.trim());
  const charset = parameters.map((parameter) => /^charset="?([^"\s]{1,40})"?$/i.exec(parameter)?.[1]).find((found) => found !== undefined);
  return { type: type === "" ? null : type.toLowerCase(), charset: charset?.toLowerCase() ?? null };
}
