import type { Context } from "../../runner/harness/context.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { hostOf, portOf } from "../../runner/net/http/message.js";
import { isReserved, newHello, versionName } from "../../runner/net/quic/version-negotiation.js";
import { FailureError } from "../../runner/run/failure-error.js";
import type { Input, Output } from "./schema.js";

/** Whether QUIC answers at the address that the last response gives for HTTP/3, or else at its own port. */
export async function askHttp3(
  ctx: Context<"udp">,
  input: Input,
  { request: { url }, ipAddress }: Exchange,
  alternatives: Output["alternatives"],
): Promise<Output["http3"]> {
  const advertised = alternatives.find(({ protocol }) => protocol === "h3");
  const host = advertised === undefined || advertised.host === "" ? (ipAddress ?? hostOf(url)) : advertised.host;
  const port = advertised?.port ?? portOf(url);
  const seen = {
    advertised: advertised !== undefined,
    host: advertised?.host || hostOf(url),
    port,
    answered: false,
    versions: [] as string[],
    error: null as string | null,
  };
  try {
    const peer = await ctx.udp.peer({ ...input, host, port });
    const hello = newHello();
    const { reply } = await peer.ask({ name: "QUIC", phase: "connect", query: () => hello.datagram, read: hello.read, timeoutMs: input.command_timeout_ms });
    return { ...seen, answered: true, versions: reply.filter((version) => !isReserved(version)).map(versionName) };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code === "cancelled") throw error;
    return { ...seen, error: error.failure.message };
  }
}
