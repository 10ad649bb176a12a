import type { DeliveryClass, DeliveryWay } from "../../../schemas/delivery.js";
import type { Random } from "../../net/dns/shuffle.js";
import type { ChosenWay } from "../message/recipient.js";
import type { Decision } from "../outcome/decision.js";

/** What is known of one way to one site. What was a day ago counts half as much as what is now. */
interface Experience {
  tries: number;
  good: number;
  /** Of those that were good, in milliseconds. */
  latencyMs: number;
  at: number;
}

const HALF_LIFE_MS = 86_400_000;
/** So often the way that seems worse is tried, lest a way that has become good is never found out. */
const EXPLORED = 0.05;
/** With less experience than this nothing is known. */
const LEAST_TRIES = 0.5;
/** Ways that differ by less than this do as well, and the faster one is taken. */
const AS_GOOD = 0.05;
const MOST_SITES = 50_000;

type Ways = Record<DeliveryWay, Experience | null>;

/** Learns which way works for which site. */
export class Learning {
  readonly #sites = new Map<string, Ways>();

  constructor(readonly now: () => number = Date.now) {}

  /** What a recipient came to by a way. What is about its mailbox or the message says nothing of the way. */
  note(site: string, way: DeliveryWay, { kind, class: found }: Decision, latencyMs: number): void {
    const isGood = kind === "delivered";
    if (!isGood && (kind === "unknown" || found === null || !AGAINST_THE_WAY.has(found))) return;
    const ways = this.#ways(site);
    const known = decayed(ways[way], this.now());
    const good = known.good + (isGood ? 1 : 0);
    const latency = isGood ? (known.latencyMs * known.good + latencyMs) / good : known.latencyMs;
    ways[way] = { tries: known.tries + 1, good, latencyMs: latency, at: this.now() };
  }

  /** The way to take, and why. Direct where nothing is known. */
  choose(site: string, random: Random): ChosenWay {
    const ways = this.#sites.get(site) ?? NOTHING;
    const direct = decayed(ways.direct, this.now());
    const relay = decayed(ways.relay, this.now());
    if (direct.tries < LEAST_TRIES && relay.tries < LEAST_TRIES) {
      return { way: "direct", reason: "nothing_known", explanation: `nothing is known of ${site} yet: direct first` };
    }
    const best = better(direct, relay);
    const words = `direct ${told(direct)}; through a relay ${told(relay)}`;
    if (random() >= EXPLORED) return { way: best, reason: "learned", explanation: `${words}: ${best} does better` };
    const other = best === "direct" ? "relay" : "direct";
    return { way: other, reason: "explored", explanation: `${words}: ${best} does better, and ${other} is tried to see whether it still does worse` };
  }

  #ways(site: string): Ways {
    const known = this.#sites.get(site);
    if (known !== undefined) return known;
    if (this.#sites.size >= MOST_SITES) this.#sites.delete(this.#sites.keys().next().value as string);
    const ways: Ways = { direct: null, relay: null };
    this.#sites.set(site, ways);
    return ways;
  }
}

const NOTHING: Ways = { direct: null, relay: null };

/** A greylisting site takes what comes again, and a relay comes again by itself: that, too, speaks for the relay. */
const AGAINST_THE_WAY: ReadonlySet<DeliveryClass> = new Set([
  "policy",
  "reputation",
  "auth",
  "rate",
  "greylist",
  "network",
  "tls",
  "routing",
  "configuration",
  "protocol",
]);

function decayed(experience: Experience | null, now: number): Experience {
  if (experience === null) return { tries: 0, good: 0, latencyMs: 0, at: now };
  const share = 0.5 ** (Math.max(0, now - experience.at) / HALF_LIFE_MS);
  return { tries: experience.tries * share, good: experience.good * share, latencyMs: experience.latencyMs, at: now };
}

/** A share of good ones that begins at a half, and moves away from it as experience grows. */
function scoreOf({ tries, good }: Experience): number {
  return (good + 1) / (tries + 2);
}

function better(direct: Experience, relay: Experience): DeliveryWay {
  const lead = scoreOf(direct) - scoreOf(relay);
  if (Math.abs(lead) > AS_GOOD || relay.good < LEAST_TRIES || direct.good < LEAST_TRIES) return lead >= 0 ? "direct" : "relay";
  return direct.latencyMs <= relay.latencyMs ? "direct" : "relay";
}

function told({ tries, good, latencyMs }: Experience): string {
  if (tries < LEAST_TRIES) return "was not tried lately";
  const time = good >= LEAST_TRIES ? ` in ${Math.round(latencyMs)} ms` : "";
  return `brought ${rounded(good)} of ${rounded(tries)}${time}`;
}

function rounded(count: number): string {
  return String(Math.round(count * 10) / 10);
}
