import type { StoredMessage } from "../store/stored-message.js";

/** One item that FETCH asks for. */
export interface Item {
  /** As it stands in the answer. */
  readonly label: string;
  readonly value: (message: StoredMessage) => string;
  /** Sets \\Seen. */
  readonly sees?: boolean;
}
