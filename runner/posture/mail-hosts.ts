import type { Failure } from "../../schemas/failure.js";
import type { MailRoute } from "../../schemas/mx.js";
import { isCertain } from "../net/dns/answer.js";
import { failureOfRoute, fillRoute, unknownRoute } from "../net/dns/mail-route.js";
import { seededRandom } from "../net/dns/shuffle.js";
import type { Questions } from "./questions.js";

export interface MailHosts {
  readonly route: MailRoute;
  /** The names of the mail hosts, in order; null if they are not known. */
  readonly hosts: string[] | null;
  readonly failure: Failure | null;
}

/** Where mail for a domain goes. Hosts of one preference stay in the same order from run to run. */
export async function mailHostsOf(domain: string, questions: Questions, { allowPrivate }: { readonly allowPrivate: boolean }): Promise<MailHosts> {
  const route = unknownRoute(domain);
  const unanswered = await fillRoute(questions.ask, route, { family: "any", allowPrivate, random: seededRandom(0) });
  const isKnown = route.outcome !== null && isCertain({ outcome: route.outcome });
  return { route, hosts: isKnown ? route.hosts.map(({ host }) => host) : null, failure: failureOfRoute(route, unanswered) };
}
