import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { alternativesOf } from "../../runner/net/http/alt-svc.js";
import { request } from "../../runner/net/http/client.js";
import type { Exchange } from "../../runner/net/http/exchange.js";
import { hopOf } from "../../runner/net/http/hop.js";
import { HTTP_LIMITS } from "../../runner/net/http/limits.js";
import { type Field, fieldValue, type HttpRequest } from "../../runner/net/http/message.js";
import { fieldsOf } from "../../runner/net/http/request.js";
import { statusOf } from "../../runner/run/judge.js";
import { resolved } from "../../schemas/secret.js";
import { bodyOf } from "./body.js";
import { type Conversation, conversationOf, conversationViolations } from "./conversation.js";
import { askHttp3 } from "./http3.js";
import { judge } from "./judge.js";
import { matchesIn } from "./matches.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "webapp.http",
  summary: "Requests a URL, follows its redirects, and reports every hop with its phases, its certificate and its response.",
  needs: ["tcp", "tls", "udp", "resolver", "clock"],
  target: "url",
  ...newest,
  checkInput: (input) => [...certificateViolations("/tls/ca", input.tls.ca), ...conversationViolations(input)],
  run,
});

type Ctx = Context<"tcp" | "tls" | "udp" | "resolver" | "clock">;

/** What true means for `follow`. */
const MAX_REDIRECTS = 10;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const began = ctx.clock.now();
  const exchanges: Exchange[] = [];
  const conversation = conversationOf(input);
  let http3: Output["http3"] = null;
  const failure = await ctx.attempt(async () => {
    const last = await request(ctx, requestOf(input, ctx, conversation), { ...optionsOf(input), ...conversation.options }, exchanges);
    if (input.http3) http3 = await askHttp3(ctx, input, last, evidenceOf(input, exchanges).alternatives);
  });
  const seen = evidenceOf(input, exchanges);
  const isEventStream = seen.body?.content_type === "text/event-stream";
  const talk = { websocket: conversation.websocket(), event: isEventStream ? conversation.event() : null };
  const last = exchanges.findLast(({ head }) => head !== null);
  const matches = last === undefined ? [] : matchesIn(input, last, { ...seen, ...talk });
  const evidence = { ...seen, ...talk, matches, http3 };
  const findings = judge(input, exchanges, { ...evidence, failure }, ctx.clock.now() - began);
  return { status: statusOf(failure, findings), failure, ...evidence, findings };
}

function requestOf(input: Input, ctx: Ctx, { fields: asked, accept }: Conversation): HttpRequest {
  const usual: Field[] = [
    ["User-Agent", "probe-run"],
    ["Accept", accept],
    ...(input.compression.length === 0 ? [] : [["Accept-Encoding", input.compression.join(", ")] as Field]),
  ];
  const fields = [...fieldsOf(input, usual, ctx.run.secrets), ...asked];
  const body = input.body === undefined ? null : Buffer.from(resolved(input.body));
  return { method: input.method, url: new URL(input.url), fields, body, version: input.version };
}

function optionsOf(input: Input) {
  const { expect, prefer, max_body_bytes: most_bytes, follow } = input;
  const isBodyWanted = expect?.body !== undefined || prefer?.body !== undefined;
  return {
    ...input,
    body: { most_bytes, kept_bytes: isBodyWanted ? HTTP_LIMITS.kept_body_bytes : 0 },
    follow: follow === true ? MAX_REDIRECTS : Number(follow),
    allowPrivateRedirects: input.allow_private_redirects,
  };
}

function evidenceOf(input: Input, exchanges: readonly Exchange[]): Pick<Output, "url" | "final_url" | "hops" | "body" | "alternatives"> {
  const last = exchanges.findLast(({ head }) => head !== null);
  return {
    url: input.url,
    final_url: last?.request.url.href ?? null,
    hops: exchanges.map(hopOf),
    body: last === undefined ? null : bodyOf(last),
    alternatives: alternativesOf(fieldValue(last?.head?.fields ?? [], "alt-svc")),
  };
}
