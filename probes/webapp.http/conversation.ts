import type { ClientOptions } from "../../runner/net/http/client.js";
import { EventStreamReader } from "../../runner/net/http/event-stream.js";
import type { Field } from "../../runner/net/http/message.js";
import { newOpening } from "../../runner/net/websocket/opening.js";
import { WebSocketSession } from "../../runner/net/websocket/session.js";
import type { Violation } from "../../runner/support/request-error.js";
import { resolved } from "../../schemas/secret.js";
import type { Input, Output } from "./schema.js";

/** What follows the header of the response: a body, a WebSocket, or a stream of events. */
export interface Conversation {
  /** Header fields that ask for it. */
  readonly fields: readonly Field[];
  readonly accept: string;
  readonly options: Pick<ClientOptions, "upgraded" | "isEnough">;
  websocket(): Output["websocket"];
  event(): Output["event"];
}

const MAX_SHOWN = 4096;
const BODY_ONLY: Conversation = { fields: [], accept: "*/*", options: {}, websocket: () => null, event: () => null };

export function conversationOf({ websocket, events, command_timeout_ms: timeoutMs }: Input): Conversation {
  if (websocket !== undefined) return webSocket(websocket, timeoutMs);
  return events ? eventStream() : BODY_ONLY;
}

/** A WebSocket is opened by a GET without a body over HTTP/1.1 (RFC 6455, section 4.1). */
export function conversationViolations({ websocket, events, method, body, version }: Input): Violation[] {
  const violation = (pointer: string, message: string): Violation => ({ pointer, message, hint: null });
  if (websocket === undefined) return [];
  return [
    ...(events ? [violation("/events", "cannot be combined with websocket")] : []),
    ...(method === "GET" ? [] : [violation("/method", "must be GET for a WebSocket")]),
    ...(body === undefined ? [] : [violation("/body", "must be left out for a WebSocket")]),
    ...(version === "2" ? [violation("/version", "must be 1.1 or auto for a WebSocket")] : []),
  ];
}

function webSocket({ protocols = [], send }: NonNullable<Input["websocket"]>, timeoutMs: number): Conversation {
  const opening = newOpening(protocols);
  let seen: NonNullable<Output["websocket"]> | null = null;
  return {
    ...BODY_ONLY,
    fields: opening.fields,
    options: {
      async upgraded(connection, rest, head) {
        try {
          seen = { protocol: opening.check(head), round_trip_ms: null, message: null, close_code: null };
          const session = new WebSocketSession(connection, rest, timeoutMs);
          try {
            if (send === undefined) seen.round_trip_ms = (await session.ping()).duration_ms;
            else {
              const { operation, text } = await session.exchange(resolved(send));
              Object.assign(seen, { round_trip_ms: operation.duration_ms, message: text.slice(0, MAX_SHOWN) });
            }
            await session.close();
          } finally {
            seen.close_code = session.closeCode;
          }
        } finally {
          connection.close();
        }
      },
    },
    websocket: () => seen,
  };
}

function eventStream(): Conversation {
  const reader = new EventStreamReader();
  return {
    ...BODY_ONLY,
    accept: "text/event-stream",
    options: { isEnough: (bytes) => reader.push(bytes) },
    event: () => (reader.event === null ? null : { ...reader.event, data: reader.event.data.slice(0, MAX_SHOWN) }),
  };
}
