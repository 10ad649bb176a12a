import type { DeliveryWay, WayReason } from "../../../schemas/delivery.js";
import { asciiDomain, type Host } from "../../../schemas/host.js";
import { type Mailbox, parseMailbox } from "../../net/smtp/mailbox.js";
import { decidedHere } from "../outcome/decide.js";
import type { Decision } from "../outcome/decision.js";
import { US } from "../outcome/decision.js";

/** Why a recipient's message goes the way it goes. */
export interface ChosenWay {
  readonly way: DeliveryWay;
  readonly reason: WayReason;
  readonly explanation: string;
}

/** One recipient on its way to an outcome. */
export interface Recipient {
  readonly index: number;
  readonly address: string;
  /** Null for what is no address: then it is decided from the beginning. */
  readonly mailbox: Mailbox | null;
  readonly domain: string | null;
  site: string | null;
  chosen: ChosenWay | null;
  decision: Decision | null;
  /** Places in the list of attempts. */
  readonly attempts: number[];
}

export function recipientOf(address: string, index: number): Recipient {
  const mailbox = parseMailbox(address);
  const common = { index, address, site: null, chosen: null, attempts: [] };
  if (!("problem" in mailbox)) return { ...common, mailbox, domain: domainOf(mailbox.host), decision: null };
  const words = `it is no address that mail can be sent to: ${mailbox.problem}`;
  return { ...common, mailbox: null, domain: null, decision: decidedHere("refused", "address", "rcpt", "not_permitted", words, US) };
}

/** In small A-labels; an address literal stands for itself. */
function domainOf({ kind, host }: Host): string {
  return kind === "name" ? asciiDomain(host) : host;
}

export function isOpen({ decision }: Recipient): boolean {
  return decision === null;
}
