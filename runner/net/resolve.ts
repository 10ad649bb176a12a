import type { LookupAddress } from "node:dns";
import { lookup, Resolver } from "node:dns";
import type { Host } from "../../schemas/host.js";
import type { NetworkInput } from "../../schemas/network.js";
import { ENDED, type RunState } from "../context.js";
import { type FailureError, fail } from "../failure-error.js";
import { failureOf } from "./classify.js";

export interface Address {
  address: string;
  family: 4 | 6;
}

export type AddressOptions = Pick<NetworkInput, "address_family" | "resolver" | "source_address">;

/** The addresses of a host, in the order in which to dial them. Only a look-up is an operation: an address needs none. */
export async function resolveHost(state: RunState, host: Host, options: AddressOptions, timeoutMs: number): Promise<Address[]> {
  if (host.kind === "address") return [{ address: host.host, family: host.family }];
  const { recorder } = state;
  const operation = recorder.begin("resolve");
  try {
    const found = await bounded(state, timeoutMs, (signal) => (options.resolver === undefined ? bySystem(host.host) : byServers(host.host, options, signal)));
    const addresses = interleave(found.filter((entry) => isWanted(entry, options)));
    if (addresses.length === 0)
      throw fail("resolve", "dns_not_found", `${host.host} has no ${options.address_family === "any" ? "" : `${options.address_family} `}address`);
    recorder.end(operation, null, addresses.map((entry) => entry.address).join(" "));
    return addresses;
  } catch (error) {
    recorder.end(operation);
    throw error;
  }
}

function isWanted(entry: Address, options: AddressOptions): boolean {
  return options.address_family === "any" || entry.family === (options.address_family === "ipv6" ? 6 : 4);
}

/** RFC 8305, section 4: the families take turns, beginning with the one that the resolver put first. */
export function interleave(addresses: readonly Address[]): Address[] {
  const first = addresses.filter((entry) => entry.family === addresses[0]?.family);
  const second = addresses.filter((entry) => entry.family !== addresses[0]?.family);
  return first.flatMap((entry, index) => (second[index] === undefined ? [entry] : [entry, second[index]])).concat(second.slice(first.length));
}

function bySystem(name: string): Promise<Address[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true, verbatim: true }, (error, found: LookupAddress[]) => {
      if (error) reject(failureOfLookup(error));
      else resolve(found as Address[]);
    });
  });
}

/** Asks the given servers for both families. A name that has only one is not a failure. */
async function byServers(name: string, options: AddressOptions, signal: AbortSignal): Promise<Address[]> {
  const resolver = resolverOf(options.resolver?.servers ?? []);
  signal.addEventListener("abort", () => resolver.cancel(), { once: true });
  const families: (4 | 6)[] = options.address_family === "any" ? [6, 4] : [options.address_family === "ipv6" ? 6 : 4];
  const { addresses, errors } = await answersOf(families.map((family) => ask(resolver, name, family)));
  if (addresses.length > 0) return addresses.sort((a, b) => b.family - a.family);
  // A server that failed for one family may have hidden an address: that is not "the name does not exist".
  throw failureOfLookup(errors.find((error) => error.code !== "ENODATA" && error.code !== "ENOTFOUND") ?? (errors[0] as NodeJS.ErrnoException));
}

function resolverOf(servers: readonly string[]): Resolver {
  const resolver = new Resolver();
  try {
    resolver.setServers(servers);
  } catch {
    throw fail("resolve", "not_permitted", `${servers.join(", ")}: a name server is given by its address, with :port where it is not 53`);
  }
  return resolver;
}

function ask(resolver: Resolver, name: string, family: 4 | 6): Promise<Address[]> {
  return new Promise((resolve, reject) => {
    const answer = (error: NodeJS.ErrnoException | null, found: string[]): void => {
      if (error) reject(error);
      else resolve(found.map((address) => ({ address, family })));
    };
    if (family === 6) resolver.resolve6(name, answer);
    else resolver.resolve4(name, answer);
  });
}

/**
 * RFC 8305, section 3, waits 50 ms for the family that has not been answered yet. We are no browser: a little more, so that
 * the same target gives the same attempts on a busy machine too.
 */
const OTHER_FAMILY_MS = 250;

interface Answers {
  addresses: Address[];
  errors: NodeJS.ErrnoException[];
}

/** What the questions come to once all are answered, or one is and the rest has had its time. */
function answersOf(questions: readonly Promise<Address[]>[]): Promise<Answers> {
  return new Promise((resolve) => {
    const answers: Answers = { addresses: [], errors: [] };
    let open = questions.length;
    let timer: NodeJS.Timeout | undefined;
    const answered = (): void => {
      open -= 1;
      if (open === 0) clearTimeout(timer);
      if (open === 0) resolve(answers);
      else if (answers.addresses.length > 0) timer ??= setTimeout(() => resolve(answers), OTHER_FAMILY_MS);
    };
    for (const question of questions) {
      question
        .then(
          (found) => answers.addresses.push(...found),
          (error: NodeJS.ErrnoException) => answers.errors.push(error),
        )
        .then(answered);
    }
  });
}

/** That a name server's port is closed, or another fault of the resolver's own, says nothing of the target. */
function failureOfLookup(error: NodeJS.ErrnoException): FailureError {
  const known = failureOf("resolve", error);
  const isOfTheResolver = known.failure.code === "refused" || known.failure.code === "unknown";
  return isOfTheResolver ? fail("resolve", "dns_failure", `no answer from a name server (${error.code ?? error.message})`) : known;
}

/** A look-up ends with its time-out and with the run, also where the resolver itself cannot be told to stop. */
function bounded<Result>(state: RunState, timeoutMs: number, look: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(() => reject(fail("resolve", "timeout", `no answer within ${timeoutMs} ms`))), timeoutMs);
    const forget = state.deadline.onEnd((reason) => finish(() => reject(fail("resolve", reason, ENDED[reason]))));
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      forget();
      settle();
      stop.abort();
    };
    look(stop.signal).then(
      (result) => finish(() => resolve(result)),
      (error) => finish(() => reject(error)),
    );
  });
}
