import type { Context } from "../../runner/harness/context.js";
import type { DirectOptions } from "../../runner/net/dns/direct-query.js";
import { RCODES } from "../../runner/net/dns/rcode.js";
import { TYPES } from "../../runner/net/dns/wire/message.js";
import { serviceBindingOf } from "../../runner/net/dns/wire/service-binding.js";
import { hostOf, portOf } from "../../runner/net/http/message.js";
import { questionName } from "../../schemas/dns-types.js";
import { isAddress } from "../../schemas/host.js";
import type { Input, Output } from "./schema.js";

export type HttpsRecord = NonNullable<Output["http3"]>["https_records"][number];

/** The HTTPS records of a URL's host, the preferred one first, by the first name server that answers; or why there is no answer. */
export async function httpsRecordsOf(ctx: Context<"resolver">, input: Input, url: URL): Promise<{ records: HttpsRecord[]; error: string | null }> {
  const name = isAddress(hostOf(url)) ? null : questionName(recordName(url));
  if (name === null) return { records: [], error: null };
  const options: DirectOptions = { ...ASKING, timeoutMs: input.connect_timeout_ms };
  let error: string | null = "there is no name server to ask";
  for (const server of input.resolver?.servers ?? ctx.resolver.systemServers()) {
    const { message, failure } = await ctx.resolver.ask(server, { name, type: TYPES.HTTPS }, options);
    if (message?.rcode === RCODES.noError || message?.rcode === RCODES.noSuchName) {
      const found = message.answers.filter(({ type }) => type === TYPES.HTTPS).slice(0, MAX_RECORDS);
      return { records: found.map(recordOf).sort((one, other) => one.priority - other.priority), error: null };
    }
    error = `${server}: ${failure?.message ?? `response code ${message?.rcode}`}`;
  }
  return { records: [], error };
}

/** RFC 9460, section 9.1: another port than 443 is in the name. */
function recordName(url: URL): string {
  const port = portOf(url);
  return port === 443 || port === 80 ? hostOf(url) : `_${port}._https.${hostOf(url)}`;
}

function recordOf(record: Parameters<typeof serviceBindingOf>[0]): HttpsRecord {
  const { priority, target, alpn, port } = serviceBindingOf(record);
  return { priority, target, alpn: [...alpn], port };
}

const MAX_RECORDS = 16;

const ASKING = {
  transport: "auto",
  recursion: true,
  dnssec: false,
  checkingDisabled: false,
  ednsBytes: 1232,
  tries: 2,
  tls: { verify: "report", min_version: "TLSv1.2" },
} as const;
