import type { Account } from "./settings.js";

/** The dialogue of a mechanism with the client. */
export interface Exchange {
  /** The client has sent something together with AUTH. */
  readonly hasInitial: boolean;
  /** The client's initial response: with AUTH, or as the answer to an empty challenge. */
  first(): Promise<Buffer>;
  ask(challenge: string): Promise<Buffer>;
}

export type Mechanism = (exchange: Exchange, account: Account) => Promise<boolean>;
