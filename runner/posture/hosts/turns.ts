import { failureError } from "../../run/failure-error.js";
import { ENDED, type RunView } from "../../run/run-state.js";
import { processWide } from "../../support/process-wide.js";

/** More connections of one client at once, and hosts begin to refuse them. */
const MAX_AT_ONCE = 4;

interface Address {
  open: number;
  readonly waiting: (() => void)[];
}

/** A bound on the conversations with each address, over all runs of the process: many domains have the same mail hosts. */
export class Turns {
  readonly #addresses = new Map<string, Address>();

  /** Resolves when it is the caller's turn, with what ends the turn. Rejects when the run ends before. */
  async take(address: string, deadline: Pick<RunView["deadline"], "onEnd">): Promise<() => void> {
    const known = this.#addresses.get(address) ?? { open: 0, waiting: [] };
    this.#addresses.set(address, known);
    if (known.open < MAX_AT_ONCE) known.open += 1;
    else await turnAmong(known.waiting, deadline);
    let isOver = false;
    return () => {
      if (!isOver) this.#end(address, known);
      isOver = true;
    };
  }

  /** The next one takes the place. */
  #end(address: string, known: Address): void {
    const next = known.waiting.shift();
    if (next === undefined) known.open -= 1;
    else next();
    if (known.open === 0) this.#addresses.delete(address);
  }
}

function turnAmong(waiting: (() => void)[], deadline: Pick<RunView["deadline"], "onEnd">): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      forget();
      resolve();
    };
    waiting.push(go);
    const forget = deadline.onEnd((reason) => {
      waiting.splice(waiting.indexOf(go), 1);
      reject(failureError("connect", reason, ENDED[reason]));
    });
  });
}

export function hostTurns(): Turns {
  return processWide("posture-host-turns", () => new Turns());
}
