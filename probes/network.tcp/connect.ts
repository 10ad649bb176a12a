import type { Context } from "../../runner/harness/context.js";
import { startTls } from "../../runner/net/starttls/preludes.js";
import type { Connection } from "../../runner/net/transport/connection.js";
import { requireTrusted } from "../../runner/net/transport/tls.js";
import type { Attempt } from "../../schemas/network.js";
import type { TlsFacts } from "../../schemas/tls.js";
import type { Input } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;

/** A connection, secured as the input asks. `noteTls` gets the facts of the session before they are judged. */
export async function connect(ctx: Ctx, input: Input, attempts: Attempt[], noteTls: (tls: TlsFacts | null) => void): Promise<Connection> {
  const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, attempts);
  try {
    if (input.starttls !== undefined) await upgrade(ctx, input, connection);
    if (input.starttls !== undefined || input.tls.mode === "implicit") await secure(ctx, input, connection, input.command_timeout_ms);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    noteTls(connection.tls);
  }
}

function upgrade(ctx: Ctx, input: Input, connection: Connection): Promise<void> {
  const address = connection.localAddress ?? "127.0.0.1";
  const heloName = address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
  const options = { heloName, host: input.tls.servername ?? input.target_host, timeoutMs: input.command_timeout_ms };
  return ctx.operation("STARTTLS", () => startTls(connection, input.starttls as NonNullable<Input["starttls"]>, options));
}

/** Begins TLS, and refuses a certificate that is not trusted if the input asks for that. */
export async function secure(ctx: Ctx, { tls, target_host }: Input, connection: Connection, timeoutMs: number): Promise<void> {
  const host = tls.servername ?? target_host;
  const facts = await ctx.tls.secure(connection, { host, min_version: tls.min_version, ...(tls.ca === undefined ? {} : { ca: tls.ca }) }, timeoutMs);
  if (tls.verify === "require") requireTrusted(facts, host);
}
