import type { Input as ReceiveInput } from "../mail.receive/schema.js";
import type { OutgoingMessage } from "../mail.send/message-identity.js";
import type { Input } from "./schema.js";

/** Older mail cannot be this run's: it is searched only in case a server's clock is off. */
const MAX_AGE_MINUTES = 24 * 60;

/** What mail.receive is asked for: this one message, for as long as the hooks say. */
export function receiveInput(
  { receive, wait_ms, duplicate_wait_ms, correlate_by: by, clean_up }: Input,
  { token, message_id }: Pick<OutgoingMessage, "token" | "message_id">,
): ReceiveInput {
  return {
    ...receive,
    token,
    ...(by === "token" ? {} : { message_id }),
    max_age_minutes: MAX_AGE_MINUTES,
    no_recent_message_severity: "critical",
    delete_after_check: clean_up,
    retries: 0,
    retry_delay: 0,
    wait_ms,
    duplicate_wait_ms,
    verify: false,
    trusted_hosts: [],
  };
}
