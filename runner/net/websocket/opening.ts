import { createHash, randomBytes } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import { type Field, fieldValues, type ResponseHead } from "../http/message.js";

/** RFC 6455, section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface Opening {
  /** The fields of the request that asks for a WebSocket. */
  readonly fields: readonly Field[];
  /** The subprotocol that the server chose; null for none. Throws a FailureError for a response that opens no WebSocket. */
  check(head: ResponseHead): string | null;
}

export function newOpening(protocols: readonly string[]): Opening {
  const key = randomBytes(16).toString("base64");
  return {
    fields: [
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Version", "13"],
      ["Sec-WebSocket-Key", key],
      ...(protocols.length === 0 ? [] : [["Sec-WebSocket-Protocol", protocols.join(", ")] as Field]),
    ],
    check: (head) => checked(head, key, protocols),
  };
}

/** Section 4.1: what a client has to check before it sends a frame. */
function checked({ fields }: ResponseHead, key: string, protocols: readonly string[]): string | null {
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  if (fieldValues(fields, "upgrade").join(",").trim().toLowerCase() !== "websocket") throw refused("the response does not upgrade to websocket");
  if (!tokensOf(fields, "connection").includes("upgrade")) throw refused("the response has no Connection: Upgrade");
  const accepts = fieldValues(fields, "sec-websocket-accept");
  if (accepts.length !== 1 || accepts[0] !== accept) throw refused("Sec-WebSocket-Accept does not match the request's key");
  if (fieldValues(fields, "sec-websocket-extensions").length > 0) throw refused("the server uses an extension that was not requested");
  const chosen = fieldValues(fields, "sec-websocket-protocol");
  if (chosen.length > 1 || (chosen[0] !== undefined && !protocols.includes(chosen[0]))) throw refused("the server chose a subprotocol that was not requested");
  return chosen[0] ?? null;
}

function tokensOf(fields: readonly Field[], name: string): string[] {
  return fieldValues(fields, name).flatMap((value) => value.split(",").map((token) => token.trim().toLowerCase()));
}

function refused(message: string) {
  return failureError("headers", "protocol_violation", message);
}
