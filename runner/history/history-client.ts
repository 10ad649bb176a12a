import type { History } from "./history.js";
import { Housekeeping } from "./housekeeping.js";
import { type AnswerOf, answer, type GivenTo, type RequestName } from "./requests.js";
import type { Keeping } from "./retention.js";

/** A history as its watch uses it. Requests are answered in their order. */
export interface HistoryClient {
  ask<Name extends RequestName>(name: Name, ...given: GivenTo<Name>): Promise<AnswerOf<Name>>;
  /** How long each kind is kept from now on. */
  keep(keeping: Keeping): void;
  /** After everything that was asked before. */
  close(): Promise<void>;
}

/** A history in the thread that uses it: for one in memory, which has no disk to wait for. */
export class LocalHistory implements HistoryClient {
  readonly #housekeeping: Housekeeping;

  constructor(
    readonly history: History,
    onTrouble: (message: string) => void,
  ) {
    this.#housekeeping = new Housekeeping(history, onTrouble);
  }

  async ask<Name extends RequestName>(name: Name, ...given: GivenTo<Name>): Promise<AnswerOf<Name>> {
    return answer(this.history, name, given);
  }

  keep(keeping: Keeping): void {
    this.#housekeeping.keep(keeping);
  }

  async close(): Promise<void> {
    this.#housekeeping.end();
    this.history.close();
  }
}
