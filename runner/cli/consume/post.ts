import { UsageError } from "../usage-error.js";
import type { HandOn } from "./hand-on.js";

/** Posts each event as CloudEvents' HTTP binding says (structured mode). A redirect is no answer: it would turn the post into a get. */
export function post(address: string, timeoutMs: number): HandOn {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new UsageError("--post takes an address that begins with http:// or https://");
  }
  return async ({ body, signal }) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        body,
        headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      return response.ok ? null : `HTTP ${response.status}`;
    } catch (error) {
      const { message, cause } = error as Error;
      return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || message : message;
    }
  };
}
