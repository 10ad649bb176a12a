import { setTimeout as sleep } from "node:timers/promises";
import { fieldValue, type ResponseHead } from "../../net/http/message.js";
import { sendSingle } from "../../net/http/single-request.js";
import { FailureError } from "../../run/failure-error.js";
import type { RunResult } from "../run-result.js";
import { traceRequest } from "./request.js";
import type { ExportSettings } from "./settings.js";
import type { Span } from "./span.js";
import { traceOf } from "./trace.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Spans of one request. */
const BATCH = 512;
/** Requests that may wait at once. A collector that is slower than the probes loses spans, and the probes lose no time. */
const MOST_WAITING = 16;
const ATTEMPTS = 3;
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 5000;
/** OTLP/HTTP, "Failures": these, and no other status, are tried again. */
const RETRYABLE: readonly number[] = [429, 502, 503, 504];
/** Of an answer this much is read. */
const MOST_ANSWER_BYTES = 64 * 1024;

/** Sends the traces of runs to a collector by OTLP/HTTP with JSON while they continue. */
export class TraceExporter {
  readonly #waiting = new Set<Promise<void>>();
  #batch: Span[] = [];
  #lost = 0;
  #why: string | null = null;

  constructor(
    readonly settings: ExportSettings,
    readonly environment: Environment,
  ) {}

  add(result: RunResult): void {
    this.#batch.push(...traceOf(result));
    if (this.#batch.length >= BATCH) this.#flush();
  }

  /** Resolves when everything is sent or lost, with what to tell a person: null if all of it arrived. */
  async settled(): Promise<string | null> {
    this.#flush();
    await Promise.all(this.#waiting);
    return this.#lost === 0 ? null : `${this.#lost} spans were not taken by ${this.settings.shown}: ${this.#why}`;
  }

  #flush(): void {
    const spans = this.#batch;
    this.#batch = [];
    if (spans.length === 0) return;
    if (this.#waiting.size >= MOST_WAITING) {
      this.#lose(spans.length, "it does not keep up");
      return;
    }
    const sending = this.#send(spans).finally(() => this.#waiting.delete(sending));
    this.#waiting.add(sending);
  }

  async #send(spans: readonly Span[]): Promise<void> {
    const body = JSON.stringify(traceRequest(spans, this.environment));
    for (let attempt = 1; ; attempt++) {
      const { why, afterMs, rejected } = await this.#post(body);
      if (why === null) return;
      if (afterMs === null || attempt === ATTEMPTS) return this.#lose(rejected ?? spans.length, why);
      await sleep(Math.min(MOST_WAIT_MS, Math.max(afterMs, FIRST_WAIT_MS * 2 ** (attempt - 1))));
    }
  }

  /** `afterMs` is null when another attempt would not help. */
  async #post(body: string): Promise<{ why: string | null; afterMs: number | null; rejected?: number }> {
    const { url, headers, timeoutMs } = this.settings;
    const own: Readonly<Record<string, string>> = { "user-agent": "probe-run", ...headers, "content-type": "application/json" };
    try {
      const { head, body: answer } = await sendSingle({
        method: "POST",
        url,
        fields: Object.entries(own),
        body,
        timeoutMs,
        maxBodyBytes: MOST_ANSWER_BYTES,
      });
      const { status, fields } = head as ResponseHead;
      if (status >= 200 && status < 300) return partialSuccess((answer?.kept ?? Buffer.alloc(0)).toString("utf8"));
      return { why: `it answers ${status}`, afterMs: RETRYABLE.includes(status) ? retryAfterMs(fieldValue(fields, "retry-after")) : null };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const { code, message } = error.failure;
      return { why: code === "timeout" ? `no answer within ${timeoutMs} ms` : `no connection (${message})`, afterMs: 0 };
    }
  }

  #lose(count: number, why: string): void {
    this.#lost += count;
    this.#why = why;
  }
}

/** A collector may take a request, and refuse some of its spans (ExportTracePartialSuccess). Those are not sent again. */
function partialSuccess(text: string): { why: string | null; afterMs: null; rejected?: number } {
  const rejected = Number(partialOf(text)?.rejectedSpans ?? 0);
  return Number.isSafeInteger(rejected) && rejected > 0 ? { why: "it refused a part of a request", afterMs: null, rejected } : { why: null, afterMs: null };
}

function partialOf(text: string): { rejectedSpans?: unknown } | null {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: unknown } };
    return partialSuccess ?? null;
  } catch {
    return null;
  }
}

function retryAfterMs(value: string | null): number {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : 0;
}
