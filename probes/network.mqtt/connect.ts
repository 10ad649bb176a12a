import { secure } from "../../runner/data/secure.js";
import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { MqttSession } from "../../runner/net/mqtt/session.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;

/** Opens a connection to the broker, secures it if asked, and gives the session on it to `use`. */
export async function connect(ctx: Ctx, input: Input, evidence: Evidence<Output>, use: (session: MqttSession) => Promise<void>): Promise<void> {
  const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: evidence.target_port }, evidence.attempts);
  try {
    if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
    await use(new MqttSession(connection, input.command_timeout_ms));
  } finally {
    connection.close();
  }
}
