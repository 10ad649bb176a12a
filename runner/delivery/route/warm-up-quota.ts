import type { Phase } from "../../../schemas/failure.js";
import type { Engine } from "../engine.js";
import type { Ledger } from "../ledger/ledger.js";
import { WARM_UP_SCHEDULE, type WarmUp, type WarmUpDay } from "../ledger/warm-up.js";
import type { Manners, Order } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import { decidedHere } from "../outcome/decide.js";
import { type Decision, US } from "../outcome/decision.js";
import { ledgerTrouble } from "./apply-suppressions.js";
import type { Destination } from "./destination.js";

/** A destination as it is served from one address, or from several: from one that is being warmed up only as much as it has room for. */
export function withRoom(engine: Engine, order: Order, destination: Destination): Destination[] {
  const { warm_up: schedule, source_addresses: addresses } = order.manners;
  const { from, recipients, sourceAddress: first } = destination;
  if (schedule === false || from === null) return [destination];
  const parts: Destination[] = [];
  let rest = recipients;
  try {
    const { warmUp } = engine.ledger.open(true) as Ledger;
    for (const address of new Set([first, ...addresses])) {
      const room = rest.length === 0 ? 0 : warmUp.take(nameOf(address), rest.length, schedule === true ? WARM_UP_SCHEDULE : schedule);
      if (room > 0) parts.push(from(address, rest.slice(0, room)));
      rest = rest.slice(room);
    }
    for (const recipient of rest) recipient.decision = noRoom(warmUp, Math.max(1, addresses.length), order.random());
  } catch (error) {
    for (const recipient of rest) recipient.decision = ledgerTrouble(error);
  }
  return parts;
}

/** How far each address is, for those who look on; nothing where none is warmed up, or the ledger cannot be read just now. */
export function warmUpDays(engine: Engine, { warm_up: schedule, source_addresses: addresses }: Pick<Manners, "warm_up" | "source_addresses">): WarmUpDay[] {
  if (schedule === false) return [];
  try {
    const { warmUp } = engine.ledger.open(true) as Ledger;
    const names = addresses.length === 0 ? [nameOf(null)] : addresses;
    return names.map((name) => warmUp.state(name, schedule === true ? WARM_UP_SCHEDULE : schedule));
  } catch {
    return [];
  }
}

/** A mail host that was never asked for them has seen nothing of our address. */
export function giveBackRoom(engine: Engine, { manners }: Order, { way, sourceAddress, recipients }: Destination): void {
  if (manners.warm_up === false || way !== "direct") return;
  const unseen = recipients.filter(isUnseen).length;
  if (unseen === 0) return;
  try {
    engine.ledger.open(true)?.warmUp.giveBack(nameOf(sourceAddress), unseen);
  } catch {
    // Less is sent today than might be: what became of the message is told all the same.
  }
}

/** A site that is left alone is told of by what it said to somebody else. */
function isUnseen({ attempts, decision }: Recipient): boolean {
  return attempts.length === 0 || (decision?.decidedAt != null && BEFORE_MAIL.has(decision.decidedAt));
}

const BEFORE_MAIL: ReadonlySet<Phase> = new Set(["probe", "resolve", "connect", "greeting", "starttls", "tls", "ehlo"]);

/** How an address is called in the ledger. */
export function nameOf(sourceAddress: string | null): string {
  return sourceAddress ?? "the system's choice";
}

/** Those that wait come back over an hour, lest all of them come in the first minute of a day. */
const SPREAD_MS = 3_600_000;

function noRoom(warmUp: WarmUp, addresses: number, random: number): Decision {
  const whose = addresses === 1 ? "the source address is" : `the ${addresses} source addresses are`;
  const words = `${whose} being warmed up, and what may be sent today has been sent: this one waits for the next day (UTC)`;
  const waitMs = warmUp.nextDayAt - Date.now() + random * SPREAD_MS;
  return { ...decidedHere("later", "rate", "connect", "limit_exceeded", words, US), retryAfterMs: Math.ceil(waitMs) };
}
