import type { Context } from "../../runner/harness/context.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { hostOf, portOf } from "../../runner/net/http/message.js";
import { refusalOfAddress } from "../../runner/net/http/redirect.js";
import { isReserved, newHello, versionName } from "../../runner/net/quic/version-negotiation.js";
import { FailureError } from "../../runner/run/failure-error.js";
import { type HttpsRecord, httpsRecordsOf } from "./https-record.js";
import type { Input, Output } from "./schema.js";

/** Whether QUIC answers where the response, or else an HTTPS record, says that HTTP/3 is; or else at the host's own port. */
export async function askHttp3(
  ctx: Context<"udp" | "resolver">,
  input: Input,
  { request: { url }, ipAddress }: Exchange,
  alternatives: Output["alternatives"],
): Promise<Output["http3"]> {
  const { records, error: recordError } = await httpsRecordsOf(ctx, input, url);
  const byField = alternatives.find(({ protocol }) => protocol === "h3");
  const byRecord = records.find(({ priority, alpn }) => priority > 0 && alpn.includes("h3"));
  const elsewhere = byField === undefined ? targetOf(byRecord) : { host: byField.host.replace(/^\[(.*)\]$/, "$1"), port: byField.port };
  const host = elsewhere.host || (ipAddress ?? hostOf(url));
  const port = elsewhere.port ?? portOf(url);
  const seen = {
    advertised: byField !== undefined || byRecord !== undefined,
    advertised_by: [...(byField === undefined ? [] : (["alt_svc"] as const)), ...(byRecord === undefined ? [] : (["https_record"] as const))],
    https_records: records,
    https_record_error: recordError,
    host: elsewhere.host || hostOf(url),
    port,
    answered: false,
    versions: [] as string[],
    error: null as string | null,
  };
  try {
    const isNamed = elsewhere.host === "" || input.allow_private_redirects;
    const refuse = (address: string): string | null => (isNamed ? null : refusalOfAddress(address, ipAddress, "the advertised service"));
    const peer = await ctx.udp.peer({ ...input, host, port, refuse });
    const hello = newHello();
    const { reply } = await peer.ask({ name: "QUIC", phase: "connect", query: () => hello.datagram, read: hello.read, timeoutMs: input.command_timeout_ms });
    return { ...seen, answered: true, versions: reply.filter((version) => !isReserved(version)).map(versionName) };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code === "cancelled") throw error;
    return { ...seen, error: error.failure.message };
  }
}

function targetOf(record: HttpsRecord | undefined): { host: string; port: number | null } {
  return { host: record === undefined || record.target === "." ? "" : record.target, port: record?.port ?? null };
}
