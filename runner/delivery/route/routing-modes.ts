import type { DeliveryClass, DeliveryMode, WayReason } from "../../../schemas/delivery.js";
import { monotonic } from "../../run/clock.js";
import type { Engine } from "../engine.js";
import type { Order } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import { visit } from "../transaction/serve-destination.js";
import type { Destination } from "./destination.js";
import { atSites, relayDestination } from "./group-by-destination.js";
import { giveBackRoom, withRoom } from "./warm-up-quota.js";

/** How each mode finds the way of a message. Afterwards every recipient has its decision. */
export const MODES: Readonly<Record<DeliveryMode, (engine: Engine, order: Order, open: readonly Recipient[]) => Promise<void>>> = {
  direct,
  relay: (engine, order, open) => throughRelays(engine, order, open, "configured", () => "the settings say relay"),
  hybrid,
  smart,
};

async function direct(engine: Engine, order: Order, open: readonly Recipient[]): Promise<void> {
  for (const recipient of open) recipient.chosen = { way: "direct", reason: "configured", explanation: `the settings say ${order.manners.mode}` };
  await atSites(engine, order, open, (destination) => visitedDirectly(engine, order, destination));
}

/** Direct; and through a relay where the way was to blame. */
async function hybrid(engine: Engine, order: Order, open: readonly Recipient[]): Promise<void> {
  await direct(engine, order, open);
  await throughRelays(engine, order, stranded(order, open), "fallback", (why) => `it could not be brought directly: ${why}`);
}

/** For each site the way that has done better so far; and the other where it was to blame this time. */
async function smart(engine: Engine, order: Order, open: readonly Recipient[]): Promise<void> {
  for (const recipient of open) recipient.chosen = { way: "direct", reason: "nothing_known", explanation: "its mail hosts were not found" };
  const destinations: Destination[] = [];
  await atSites(engine, order, open, async (destination) => {
    destinations.push(destination);
    const chosen = engine.learning.choose(destination.site as string, order.random);
    for (const recipient of destination.recipients) recipient.chosen = chosen;
    if (chosen.way === "direct") await visitedDirectly(engine, order, destination);
    else await throughRelays(engine, order, destination.recipients, chosen.reason, () => chosen.explanation);
  });
  const left = stranded(order, open);
  const back = left.filter(({ chosen }) => chosen?.way === "relay");
  const explain = (why: string): string => `the other way could not bring it: ${why}`;
  await throughRelays(
    engine,
    order,
    left.filter(({ chosen }) => chosen?.way === "direct"),
    "fallback",
    explain,
  );
  await Promise.all(destinations.map((destination) => backToDirect(engine, order, destination, back, explain)));
}

async function backToDirect(
  engine: Engine,
  order: Order,
  destination: Destination,
  back: readonly Recipient[],
  explain: (why: string) => string,
): Promise<void> {
  const recipients = destination.recipients.filter((recipient) => back.includes(recipient));
  if (recipients.length === 0) return;
  for (const recipient of recipients) {
    recipient.chosen = { way: "direct", reason: "fallback", explanation: explain(recipient.decision?.message ?? "") };
    recipient.decision = null;
  }
  await visitedDirectly(engine, order, { ...destination, recipients });
}

/** One relay after the other, until one has taken or refused it. */
async function throughRelays(
  engine: Engine,
  order: Order,
  recipients: readonly Recipient[],
  reason: WayReason,
  explain: (why: string) => string,
): Promise<void> {
  for (const recipient of recipients) recipient.chosen = { way: "relay", reason, explanation: explain(recipient.decision?.message ?? "") };
  for (const [index, relay] of order.manners.relays.entries()) {
    const left = recipients.filter((recipient) => index === 0 || isUnreached(recipient));
    if (left.length === 0 || order.run.deadline.reason !== null) return;
    for (const recipient of left) recipient.decision = null;
    await visited(engine, order, relayDestination(engine, order, relay, left));
  }
}

/** As far as our addresses have room, while they are being warmed up. */
async function visitedDirectly(engine: Engine, order: Order, destination: Destination): Promise<void> {
  const visitOne = async (part: Destination): Promise<void> => {
    await visited(engine, order, part);
    giveBackRoom(engine, order, part);
  };
  await Promise.all(withRoom(engine, order, destination).map(visitOne));
}

/** Notes how it went, for messages to come. */
async function visited(engine: Engine, order: Order, destination: Destination): Promise<void> {
  const began = monotonic();
  await visit(engine, order, destination);
  const took = monotonic() - began;
  for (const { site, decision } of destination.recipients) if (site !== null && decision !== null) engine.learning.note(site, destination.way, decision, took);
}

/** The way is to blame, not the address and not the message: another way may do. Never where it may have been taken already. */
const FAULTS_OF_THE_WAY: ReadonlySet<DeliveryClass> = new Set(["routing", "policy", "reputation", "auth", "network", "tls"]);

function stranded({ manners, run }: Order, recipients: readonly Recipient[]): Recipient[] {
  if (manners.relays.length === 0 || run.deadline.reason !== null) return [];
  return recipients.filter(({ decision }) => {
    if (decision === null || decision.kind === "delivered" || decision.kind === "unknown") return false;
    return decision.class !== null && FAULTS_OF_THE_WAY.has(decision.class);
  });
}

/** Nobody has heard of the recipient yet: another relay may be asked. */
function isUnreached({ decision }: Recipient): boolean {
  return decision?.kind === "later" && decision.decidedAt !== null && BEFORE_MAIL.has(decision.decidedAt);
}

const BEFORE_MAIL: ReadonlySet<string> = new Set(["resolve", "connect", "greeting", "starttls", "tls", "ehlo", "auth"]);
