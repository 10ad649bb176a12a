import { decodeError } from "../transport/message-session.js";
import { TNS, type TnsPacket } from "./packet.js";

/** What a listener answers to a CONNECT. */
export type ListenerAnswer =
  | { readonly kind: "accepted" }
  | { readonly kind: "resend" }
  | { readonly kind: "redirected"; readonly to: string }
  | ({ readonly kind: "refused" } & Refusal);

/** A ping is refused, too, with the error 0. */
export interface Refusal {
  readonly error: number | null;
  /** As 19.0.0.0.0. */
  readonly version: string | null;
  /** The listener's name, as LISTENER. */
  readonly alias: string | null;
}

const MAX_TEXT_BYTES = 2048;
const REFUSE_HEADER_BYTES = 4;
const REDIRECT_HEADER_BYTES = 2;

export function readListenerAnswer({ type, body }: TnsPacket): ListenerAnswer {
  if (type === TNS.accept) return { kind: "accepted" };
  if (type === TNS.resend) return { kind: "resend" };
  if (type === TNS.redirect) return { kind: "redirected", to: textIn(body, REDIRECT_HEADER_BYTES) };
  if (type === TNS.refuse) return { kind: "refused", ...refusalIn(textIn(body, REFUSE_HEADER_BYTES)) };
  throw decodeError("protocol_violation", `a packet of the type ${type} instead of an answer to CONNECT`);
}

function textIn(body: Buffer, headerBytes: number): string {
  return body.subarray(headerBytes, headerBytes + MAX_TEXT_BYTES).toString("latin1");
}

function refusalIn(text: string): Refusal {
  const number = (pattern: RegExp): number | null => {
    const [, digits] = pattern.exec(text) ?? [];
    return digits === undefined ? null : Number(digits);
  };
  const version = number(/\(VSNNUM=(\d{1,10})\)/);
  return {
    error: number(/\(ERR=(\d{1,10})\)/),
    version: version === null ? null : versionText(version),
    alias: /\(ALIAS=([\w.-]{1,128})\)/.exec(text)?.[1] ?? null,
  };
}

const FIRST_WITH_WIDE_MINOR = 18;

/** Five numbers in 32 bits: 8, 4, 8, 4 and 8 of them, and since version 18 8, 8, 4, 8 and 4. */
export function versionText(value: number): string {
  const major = (value >>> 24) & 0xff;
  const parts =
    major >= FIRST_WITH_WIDE_MINOR
      ? [(value >>> 16) & 0xff, (value >>> 12) & 0x0f, (value >>> 4) & 0xff, value & 0x0f]
      : [(value >>> 20) & 0x0f, (value >>> 12) & 0xff, (value >>> 8) & 0x0f, value & 0xff];
  return [major, ...parts].join(".");
}
