import { secure } from "../../runner/data/secure.js";
import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { newExchange } from "../../runner/net/http/exchange.js";
import { send } from "../../runner/net/http/send.js";
import { MqttSession } from "../../runner/net/mqtt/session.js";
import { WebSocketChannel } from "../../runner/net/websocket/channel.js";
import { newOpening } from "../../runner/net/websocket/opening.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;
type Use = (session: MqttSession) => Promise<void>;

/** Opens a connection to the broker, secures it if asked, and gives the session on it to `use`. */
export async function connect(ctx: Ctx, input: Input, evidence: Evidence<Output>, use: Use): Promise<void> {
  if (input.transport === "websocket") return overWebSocket(ctx, input, evidence, use);
  const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: evidence.target_port }, evidence.attempts);
  try {
    if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
    await use(new MqttSession(connection, input.command_timeout_ms));
  } finally {
    connection.close();
  }
}

/** MQTT 5, section 6: the subprotocol is mqtt, and a server that does not choose it speaks something else. */
const SUBPROTOCOL = "mqtt";
/** A response that opens no WebSocket is named by its status. */
const REFUSAL_BODY = { most_bytes: 65_536, kept_bytes: 0 } as const;

async function overWebSocket(ctx: Ctx, input: Input, evidence: Evidence<Output>, use: Use): Promise<void> {
  const opening = newOpening([SUBPROTOCOL]);
  const request = { method: "GET", url: urlOf(input, evidence.target_port), fields: opening.fields, body: null, version: "1.1" } as const;
  const exchange = { ...newExchange(request), attempts: evidence.attempts };
  let isOpened = false;
  try {
    await send(ctx, exchange, {
      ...input,
      body: () => REFUSAL_BODY,
      async upgraded(connection, rest, head) {
        isOpened = true;
        try {
          evidence.tls = exchange.tls;
          if (opening.check(head) !== SUBPROTOCOL)
            throw failureError("headers", "protocol_violation", "the server opened a WebSocket without the subprotocol mqtt");
          await use(new MqttSession(new WebSocketChannel(connection, rest), input.command_timeout_ms));
        } finally {
          connection.close();
        }
      },
    });
  } finally {
    evidence.tls = exchange.tls;
  }
  if (isOpened) return;
  const { status, reason } = exchange.head ?? { status: 0, reason: "" };
  throw failureError("headers", "reply_rejected", `the server answers ${status} ${reason} and opens no WebSocket at ${input.path}`);
}

/** Joined as text: a path that begins with // must not name another host. */
function urlOf({ target_host: host, tls, path }: Input, port: number): URL {
  return new URL(`${tls.mode === "implicit" ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`);
}
