import { authorizationOf, signingSecrets } from "../../queue/webhook/address.js";
import { webhookHeaders } from "../../queue/webhook/headers.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import type { HandOn } from "./hand-on.js";

/**
 * Posts each event as CloudEvents' HTTP binding says (structured mode), signed like a webhook's where there is a secret. A redirect is
 * no answer: it would turn the post into a get.
 */
export async function post(written: string, timeoutMs: number, env: Io["env"]): Promise<HandOn> {
  if (!URL.canParse(written) || !/^https?:$/.test(new URL(written).protocol)) {
    throw new UsageError("--post takes an address that begins with http:// or https://");
  }
  const url = new URL(written);
  const secrets = await signingSecrets(new URLSearchParams(url.hash.slice(1)), env);
  const authorization = authorizationOf(url);
  // Without user and password: no error can then repeat them.
  const address = `${url.origin}${url.pathname}${url.search}`;
  return async ({ body, signal }) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        body,
        headers: webhookHeaders({ authorization, secrets }, body),
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
