import { sendSingle } from "../../net/http/single-request.js";
import { authorizationOf, signingSecrets } from "../../queue/webhook/address.js";
import { webhookHeaders } from "../../queue/webhook/headers.js";
import { FailureError } from "../../run/failure-error.js";
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
      const { head } = await sendSingle({
        method: "POST",
        url: address,
        fields: webhookHeaders({ authorization, secrets }, body),
        body,
        timeoutMs,
        signal,
        maxBodyBytes: 0,
      });
      const status = head?.status ?? 0;
      return status >= 200 && status < 300 ? null : `HTTP ${status}`;
    } catch (error) {
      if (error instanceof FailureError) return error.failure.message;
      throw error;
    }
  };
}
