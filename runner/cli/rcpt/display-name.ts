import { UsageError } from "../usage-error.js";

const WITH_DISPLAY_NAME = /^(.*?)<([^<>@\s]{1,64}@[^<>@\s]{1,255})>\s*$/s;

/** `John <john@example.org>` is a mailbox in a header, not an address for RCPT. Without this check it would be reported as nonexistent. */
export function refuseDisplayName(written: string): void {
  const [, , address] = WITH_DISPLAY_NAME.exec(written) ?? [];
  if (address === undefined) return;
  throw new UsageError(`${JSON.stringify(written)} is not a plain address`, `write ${address}`);
}
