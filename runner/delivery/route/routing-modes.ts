import type { DeliveryClass } from "../../../schemas/delivery-outcome.js";
import type { WayReason } from "../../../schemas/delivery-route.js";
import type { RelayInput } from "../../../schemas/delivery-settings.js";
import type { OutboundMessage } from "../message/outbound-message.js";
import type { Recipient } from "../message/recipient.js";
import { isBeforeMail } from "../outcome/before-mail.js";
import type { Destination } from "./destination.js";
import type { RouteStatistics } from "./route-statistics.js";

/** A message with its open recipients, and the stages that a mode puts in order. Afterwards every recipient has a decision. */
export interface Routing {
  readonly message: OutboundMessage;
  readonly recipients: readonly Recipient[];
  readonly statistics: RouteStatistics;
  /** Looks up the mail sites of some recipients, and calls `deliver` for each as soon as it is known. */
  toSites(recipients: readonly Recipient[], deliver: (site: Destination) => Promise<void>): Promise<void>;
  viaMailHosts(site: Destination): Promise<void>;
  viaRelay(relay: RelayInput, recipients: readonly Recipient[]): Promise<void>;
}

export async function direct(routing: Routing): Promise<void> {
  const { message, recipients } = routing;
  for (const recipient of recipients) recipient.chosen = { way: "direct", reason: "configured", explanation: `the mode is ${message.settings.mode}` };
  await routing.toSites(recipients, (site) => routing.viaMailHosts(site));
}

export async function relay(routing: Routing): Promise<void> {
  await throughRelays(routing, routing.recipients, "configured", () => "the mode is relay");
}

/** Direct delivery, and a relay if the direct route failed. */
export async function hybrid(routing: Routing): Promise<void> {
  await direct(routing);
  await throughRelays(routing, failedByTheWay(routing), "fallback", (why) => `direct delivery failed: ${why}`);
}

/** For each site the better route so far, and the other one if that route failed this time. */
export async function smart(routing: Routing): Promise<void> {
  const { message, recipients, statistics } = routing;
  for (const recipient of recipients) recipient.chosen = { way: "direct", reason: "nothing_known", explanation: "its mail hosts were not found" };
  const sites: Destination[] = [];
  await routing.toSites(recipients, async (site) => {
    sites.push(site);
    const chosen = statistics.choose(site.site as string, message.random);
    for (const recipient of site.recipients) recipient.chosen = chosen;
    if (chosen.way === "direct") await routing.viaMailHosts(site);
    else await throughRelays(routing, site.recipients, chosen.reason, () => chosen.explanation);
  });
  const failed = failedByTheWay(routing);
  const [wereDirect, wereRelayed] = [failed.filter(({ chosen }) => chosen?.way === "direct"), failed.filter(({ chosen }) => chosen?.way === "relay")];
  await throughRelays(routing, wereDirect, "fallback", theOtherWay);
  await Promise.all(sites.map((site) => backToDirect(routing, site, wereRelayed)));
}

function theOtherWay(why: string): string {
  return `the other way failed: ${why}`;
}

async function backToDirect(routing: Routing, site: Destination, failed: readonly Recipient[]): Promise<void> {
  const recipients = site.recipients.filter((recipient) => failed.includes(recipient));
  if (recipients.length === 0) return;
  for (const recipient of recipients) {
    recipient.chosen = { way: "direct", reason: "fallback", explanation: theOtherWay(recipient.decision?.message ?? "") };
    recipient.reopen();
  }
  await routing.viaMailHosts({ ...site, recipients });
}

/** Tries relays in order until one accepts or refuses the message. */
async function throughRelays(routing: Routing, recipients: readonly Recipient[], reason: WayReason, explain: (why: string) => string): Promise<void> {
  const { run, settings } = routing.message;
  for (const recipient of recipients) recipient.chosen = { way: "relay", reason, explanation: explain(recipient.decision?.message ?? "") };
  for (const [index, each] of settings.relays.entries()) {
    const left = recipients.filter((recipient) => index === 0 || isUnreached(recipient));
    if (left.length === 0 || run.deadline.reason !== null) return;
    for (const recipient of left) recipient.reopen();
    await routing.viaRelay(each, left);
  }
}

/** The route failed, not the address or the message: another route may work. */
const FAULTS_OF_THE_WAY: ReadonlySet<DeliveryClass> = new Set(["routing", "policy", "reputation", "auth", "network", "tls", "protocol"]);

/** Never if the message may have been accepted already. */
function failedByTheWay({ message: { settings, run }, recipients }: Routing): Recipient[] {
  if (settings.relays.length === 0 || run.deadline.reason !== null) return [];
  return recipients.filter(({ decision }) => {
    if (decision === null || decision.kind === "delivered" || decision.kind === "unknown") return false;
    return decision.class !== null && FAULTS_OF_THE_WAY.has(decision.class);
  });
}

/** No server has decided about the recipient: another relay may accept it. */
function isUnreached({ decision }: Recipient): boolean {
  return decision?.kind === "later" && isBeforeMail(decision.decidedAt);
}
