import type { BounceClass } from "../../schemas/bounce.js";
import type { Phase } from "../../schemas/failure.js";
import type { Wording } from "./reply-table.js";
import { MESSAGE_PROVIDER_ROWS } from "./reply-table-message-providers.js";
import { MESSAGE_SERVER_ROWS } from "./reply-table-message-servers.js";

/** One way to refuse a message: what is said of it, of how it comes, or of how much comes. Asking for a mailbox never meets it. */
export interface MessageRow extends Wording {
  readonly class: BounceClass;
  /** At which commands; MAIL and DATA, to which belongs the answer to the message itself, where it is left out. */
  readonly at?: readonly Phase[];
  /** The mail host's name has to fit, too: the words are anybody's. */
  readonly host?: RegExp;
}

export const MESSAGE_ROWS: readonly MessageRow[] = [...MESSAGE_PROVIDER_ROWS, ...MESSAGE_SERVER_ROWS];
