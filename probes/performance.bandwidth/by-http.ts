import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../runner/harness/context.js";
import { type ClientOptions, request } from "../../runner/net/http/client.js";
import type { Exchange, Upload } from "../../runner/net/http/exchange.js";
import type { Field, HttpRequest } from "../../runner/net/http/message.js";
import { fieldsOf } from "../../runner/net/http/request.js";
import type { Meter } from "./meter.js";
import type { Direction, Input } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

/** A short body is requested again. More requests would measure the server's rate limit. */
const MAX_REQUESTS_A_STREAM = 20;
/** Small pieces keep to a low rate. */
const PIECE_BYTES = 16 * 1024;

/** Downloads or uploads over all streams at once. The first failure ends all of them. */
export async function transferByHttp(ctx: Ctx, input: Input, direction: Direction, meter: Meter, exchanges: Exchange[]): Promise<void> {
  const stream = direction === "down" ? download : upload;
  const streams = Array.from({ length: input.streams }, (_, index) => {
    const name = input.streams === 1 ? direction : `${direction} ${index + 1}`;
    return stream(ctx.part(name), input, meter, exchanges);
  });
  const ends = await Promise.allSettled(streams);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

async function download(ctx: Ctx, input: Input, meter: Meter, exchanges: Exchange[]): Promise<void> {
  const options: ClientOptions = {
    ...optionsOf(input, meter),
    isEnough: (bytes) => {
      meter.count(Math.min(bytes.length, meter.left));
      return meter.isDone;
    },
    holdMs: () => meter.aheadMs,
  };
  for (let count = 0; count < MAX_REQUESTS_A_STREAM && !meter.isDone; count++) {
    const { head } = await request(ctx, requestOf(ctx, input, "GET", new URL(input.url as string)), options, exchanges);
    if ((head?.status ?? 0) >= 400) return;
    await pause(ctx, meter.aheadMs);
  }
}

/** One request whose body lasts as long as the measurement. */
async function upload(ctx: Ctx, input: Input, meter: Meter, exchanges: Exchange[]): Promise<void> {
  const piece = randomBytes(PIECE_BYTES);
  const url = new URL((input.upload_url ?? input.url) as string);
  const options: ClientOptions = {
    ...optionsOf(input, meter),
    upload: async (to: Upload) => {
      while (!meter.isDone && (await to.send(piece.subarray(0, meter.left)))) {
        meter.count(Math.min(PIECE_BYTES, meter.left));
        await pause(ctx, meter.aheadMs);
      }
    },
  };
  await request(ctx, requestOf(ctx, input, input.upload_method, url), options, exchanges);
  // The server has all of it: what is only in the buffers of this machine does not count.
  meter.confirm();
}

function optionsOf(input: Input, meter: Meter): ClientOptions {
  return { ...input, body: { most_bytes: meter.limits.maxBytes, kept_bytes: 0 }, follow: 0, allowPrivateRedirects: false };
}

function requestOf(ctx: Ctx, input: Input, method: string, url: URL): HttpRequest {
  const usual: Field[] = [
    ["User-Agent", "probe-run"],
    ["Accept", "*/*"],
    ["Cache-Control", "no-cache"],
    ...(method === "GET" ? [] : [["Content-Type", "application/octet-stream"] as Field]),
  ];
  return { method, url, fields: fieldsOf(input, usual, ctx.run.secrets), body: null, version: "1.1" };
}

async function pause(ctx: Ctx, milliseconds: number): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: ctx.signal }).catch(() => undefined);
}
