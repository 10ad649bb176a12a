import type { StoredMessage } from "../store/stored-message.js";

/** One item that FETCH asks for. */
export interface Item {
  /** As in the response. */
  readonly label: string;
  readonly value: (message: StoredMessage) => string;
  /** Sets \\Seen. */
  readonly sees?: boolean;
}
