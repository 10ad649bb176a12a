import type { DnsInput } from "../../../schemas/dns.js";
import type { MailRoute } from "../../../schemas/mx.js";
import type { Deadline } from "../../run/deadline.js";
import type { WireRun } from "../../run/run-state.js";
import { requirePermittedServers } from "../transport/permitted.js";
import type { Answer } from "./answer.js";
import type { DirectAsk } from "./direct-query.js";
import { keepConnectionsFor } from "./encrypted-query.js";
import { type AddressFamily, addressesOf, type HostAddresses } from "./host-addresses.js";
import { fillRoute, type MailRouteOptions, type Unanswered } from "./mail-route.js";
import type { RecordType } from "./records.js";
import type { LookUpOptions } from "./resolver.js";
import { resolverOnDemand } from "./resolver-on-demand.js";
import { showAnswer } from "./show-answer.js";
import { systemServers } from "./system-servers.js";

/** How to ask, in the words of an input. What is not given has the house's defaults. */
export type QueryOptions = Partial<DnsInput> & {
  /** Requests DNSSEC records: needed to rely on `authenticated`, and to tell a missing name from a missing record in some zones (RFC 9824). */
  readonly dnssec?: boolean;
};

export interface ResolverGrant {
  /** One question. Whatever the name servers say, or do not say, is in the answer. */
  query<Type extends RecordType>(name: string, type: Type, asking?: QueryOptions): Promise<Answer<Type>>;
  addresses(host: string, asking?: QueryOptions & { address_family?: AddressFamily }): Promise<HostAddresses>;
  /** Asks this one server, without a cache, and gives its whole reply. */
  ask: DirectAsk;
  /** The name servers of this machine. */
  systemServers(): readonly string[];
  /** Finds where mail for a domain goes; `route` holds it as soon as it is known. */
  mx(route: MailRoute, options: MailRouteOptions, asking?: QueryOptions): Promise<Unanswered>;
}

/** Even an import of what is loaded takes longer than a query. */
let direct: typeof import("./direct-query.js") | null = null;

function directQueries(): Promise<typeof import("./direct-query.js")> {
  return import("./direct-query.js").then((loaded) => {
    direct = loaded;
    return loaded;
  });
}

export function resolverGrant(state: WireRun): ResolverGrant {
  const query: ResolverGrant["query"] = (name, type, asking = {}) => recorded(state, name, type, asking);
  return {
    query,
    addresses: (host, asking = {}) => addressesOf((name, type) => query(name, type, asking), host, asking.address_family ?? "any"),
    ask: (server, question, options) =>
      direct === null
        ? directQueries().then(({ askDirectly }) => askDirectly(state, server, question, options))
        : direct.askDirectly(state, server, question, options),
    systemServers: () => systemServers().map(({ text }) => text),
    mx: (route, options, asking = {}) => fillRoute((name, type) => query(name, type, asking), route, options),
  };
}

/** Each question is an operation; its code is the response code. */
async function recorded<Type extends RecordType>(state: WireRun, name: string, type: Type, asking: QueryOptions): Promise<Answer<Type>> {
  requirePermittedServers(state, asking.resolver?.servers);
  const { recorder, deadline } = state;
  keepConnectionsFor(deadline, asking.resolver?.servers);
  const operation = recorder.begin(`${type} ${name}`);
  try {
    const answer = await (await resolverOnDemand()).query(name, type, optionsOf(asking, deadline));
    recorder.end(operation, answer.rcode, showAnswer(answer as Answer));
    return answer;
  } catch (error) {
    recorder.end(operation);
    throw error;
  }
}

function optionsOf(asking: QueryOptions, ending: Deadline): LookUpOptions {
  const { resolver: asked, query_timeout_ms: tryTimeoutMs, lookup_timeout_ms: timeoutMs, cache, dnssec } = asking;
  return { servers: asked?.servers, tryTimeoutMs, timeoutMs, cache, dnssec, ending };
}
