import type { LazyLedger } from "../ledger/lazy-ledger.js";
import type { Ledger } from "../ledger/ledger.js";
import { WARM_UP_SCHEDULE, type WarmUp, type WarmUpDay } from "../ledger/warm-up.js";
import type { OutboundMessage, TransportSettings } from "../message/outbound-message.js";
import { type Recipient, settleOpen } from "../message/recipient.js";
import { isBeforeMail } from "../outcome/before-mail.js";
import { decidedHere } from "../outcome/decide.js";
import { type Decision, US } from "../outcome/decision.js";
import { ledgerFailure } from "./apply-suppressions.js";
import type { Destination } from "./destination.js";

/** A destination from one source address, or from several: each address that is being warmed up serves only its remaining quota. */
export function splitByQuota(ledgers: LazyLedger, message: OutboundMessage, destination: Destination): Destination[] {
  const { warm_up: schedule, source_addresses: addresses } = message.settings;
  const { from, recipients, sourceAddress: first } = destination;
  if (schedule === false || from === null) return [destination];
  const parts: Destination[] = [];
  let rest = recipients;
  try {
    const { warmUp } = ledgers.open(true) as Ledger;
    for (const address of new Set([first, ...addresses])) {
      const quota = rest.length === 0 ? 0 : warmUp.take(quotaName(address), rest.length, scheduleOf(schedule));
      if (quota > 0) parts.push(from(address, rest.slice(0, quota)));
      rest = rest.slice(quota);
    }
    settleOpen(rest, quotaUsed(warmUp, Math.max(1, addresses.length), message.random()));
  } catch (error) {
    settleOpen(rest, ledgerFailure(error));
  }
  return parts;
}

/** The state of each address, for statistics; empty if none is being warmed up, or the ledger cannot be read. */
export function warmUpDays(
  ledgers: LazyLedger,
  { warm_up: schedule, source_addresses: addresses }: Pick<TransportSettings, "warm_up" | "source_addresses">,
): WarmUpDay[] {
  if (schedule === false) return [];
  try {
    const { warmUp } = ledgers.open(true) as Ledger;
    const names = addresses.length === 0 ? [quotaName(null)] : addresses;
    return names.map((name) => warmUp.state(name, scheduleOf(schedule)));
  } catch {
    return [];
  }
}

/** A mail host that was not contacted has seen nothing of our address. */
export function returnQuota(ledgers: LazyLedger, { settings }: OutboundMessage, { way, sourceAddress, recipients }: Destination): void {
  if (settings.warm_up === false || way !== "direct") return;
  const unseen = recipients.filter(isUnseen).length;
  if (unseen === 0) return;
  try {
    ledgers.open(true)?.warmUp.giveBack(quotaName(sourceAddress), unseen);
  } catch {
    // The quota is used less than possible, but the outcome of the message is reported.
  }
}

/** A paused site is reported with the reply that it gave to another message. */
function isUnseen({ attempts, decision }: Recipient): boolean {
  return attempts.length === 0 || isBeforeMail(decision?.decidedAt ?? null);
}

function scheduleOf(written: true | readonly number[]): readonly number[] {
  return written === true ? WARM_UP_SCHEDULE : written;
}

/** The key of a source address in the ledger. */
export function quotaName(sourceAddress: string | null): string {
  return sourceAddress ?? "the system's choice";
}

/** Waiting recipients are spread over an hour, so that they are not all due in the first minute of a day. */
const SPREAD_MS = 3_600_000;

function quotaUsed(warmUp: WarmUp, addresses: number, random: number): Decision {
  const whose = addresses === 1 ? "the source address is" : `the ${addresses} source addresses are`;
  const words = `${whose} being warmed up, and the quota of today is used up: the message waits for the next day (UTC)`;
  const waitMs = warmUp.nextDayAt - Date.now() + random * SPREAD_MS;
  return { ...decidedHere("later", "rate", "connect", "limit_exceeded", words, US), retryAfterMs: Math.ceil(waitMs) };
}
