import { authorizationOf, signingSecrets } from "../../queue/webhook/address.js";
import { webhookHeaders } from "../../queue/webhook/headers.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import type { EventHandler } from "./event-handler.js";

/**
 * Posts each event in the structured mode of CloudEvents' HTTP binding, signed like a webhook's if there is a secret. Redirects are not followed:
 * they would turn the POST into a GET.
 */
export async function postHandler(written: string, timeoutMs: number, env: Io["env"]): Promise<EventHandler> {
  if (!URL.canParse(written) || !/^https?:$/.test(new URL(written).protocol)) {
    throw new UsageError("--post takes a URL that begins with http:// or https://");
  }
  const url = new URL(written);
  const secrets = await signingSecrets(new URLSearchParams(url.hash.slice(1)), env);
  const authorization = authorizationOf(url);
  // Without user and password, so that no error can repeat them.
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
