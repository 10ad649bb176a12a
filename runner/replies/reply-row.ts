import type { BounceClass } from "../../schemas/bounce.js";
import type { Phase } from "../../schemas/failure.js";
import type { RcptReason } from "../../schemas/rcpt.js";

/** One wording of a refusal. A reply has to match everything that is given. */
export interface Wording {
  /** Stands in outputs: a result can be traced to its row. */
  readonly id: string;
  readonly said_by: string;
  readonly codes: readonly number[];
  /** Matches the enhanced code. A row without it takes any code, or none. */
  readonly enhanced?: RegExp;
  /** Matches the reply's lines joined by spaces, without enhanced codes, with @ for each address. */
  readonly text?: RegExp;
  /** Matches the plain words (ReplyText.words). */
  readonly words?: RegExp;
  /** The public source for this meaning. */
  readonly source: string;
  /** A whole reply, as on the wire. */
  readonly example: string;
}

/** What a wording means as an answer to RCPT, and for a message that is to be delivered. */
export interface ReplyRow extends Wording {
  readonly reason: RcptReason;
  /** By default it follows from the reason (CLASS_OF_REASON). */
  readonly class?: BounceClass;
  /**
   * The row is one known reply, anchored at its start, whose meaning its sender documents: single words in it ("access denied") do not
   * raise a doubt. Our own address in it still does.
   */
  readonly verbatim?: true;
}

/** A refusal of a message: of its content, its origin or its volume. A mailbox check never sees one. */
export interface MessageRow extends Wording {
  readonly class: BounceClass;
  /** The commands that it answers. By default MAIL and DATA (with the message itself). */
  readonly at?: readonly Phase[];
  /** The wording is common; only from a mail host with such a name does it mean this. */
  readonly host?: RegExp;
}
