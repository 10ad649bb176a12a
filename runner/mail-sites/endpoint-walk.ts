import type { Deadline } from "../run/deadline.js";
import { FailureError } from "../run/failure-error.js";
import type { Endpoint } from "./endpoint.js";

/** What a failure means for the walk: the endpoint counts as tried, it does not count, or no other endpoint is worth trying. */
export type AfterFailure = "tried" | "untried" | "last";

/** The walk over the endpoints of a site, in order: until one opens, up to a number of endpoints that were tried, and no longer than the run. */
export class EndpointWalk<At extends Endpoint> {
  #index = 0;
  #tried = 0;

  constructor(
    readonly endpoints: readonly At[],
    readonly mostTried: number,
    readonly deadline: Pick<Deadline, "reason">,
  ) {}

  /** The endpoint to try now; null if there is none. */
  get current(): At | null {
    return this.#tried >= this.mostTried || this.deadline.reason !== null ? null : (this.endpoints[this.#index] ?? null);
  }

  /** The first that opens, from the current endpoint on, which stays the current one. `connect` gives null to stop there. */
  async open<Opened>(connect: (endpoint: At) => Promise<Opened> | null, failed: (error: FailureError, endpoint: At) => AfterFailure): Promise<Opened | null> {
    for (let endpoint = this.current; endpoint !== null; endpoint = this.current) {
      try {
        return await connect(endpoint);
      } catch (error) {
        if (!(error instanceof FailureError)) throw error;
        this.#after(failed(error, endpoint));
      }
    }
    return null;
  }

  /** Leaves the current endpoint, which was tried. */
  next(): void {
    this.#after("tried");
  }

  #after(meaning: AfterFailure): void {
    this.#index = meaning === "last" ? this.endpoints.length : this.#index + 1;
    if (meaning === "tried") this.#tried += 1;
  }
}

/** An address of a family that this machine does not have was not tried. */
export function triedUnlessUnreachable({ failure }: FailureError): AfterFailure {
  return failure.code === "unreachable" ? "untried" : "tried";
}
