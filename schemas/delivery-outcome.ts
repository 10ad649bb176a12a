import { BOUNCE_CLASSES } from "./bounce.js";

export const DELIVERY_OUTCOMES = ["delivered", "queued", "bounced", "failed", "unknown"] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** The class of a rejection or failure. suppressed: the address is on the suppression list. */
export const DELIVERY_CLASSES = [...BOUNCE_CLASSES, "suppressed"] as const;
export type DeliveryClass = (typeof DELIVERY_CLASSES)[number];

/** filter: a filter in front of the mail host or the relay, or a list that it uses. */
export const SAID_BY = ["mail_host", "filter", "relay", "name_server", "us"] as const;

/** The next step for a recipient. */
export const NEXT_STEPS = [
  "nothing",
  "will_be_tried",
  "may_be_tried",
  "correct_the_address",
  "correct_the_configuration",
  "ask_the_recipient",
  "read_the_reply",
] as const;
export type NextStep = (typeof NEXT_STEPS)[number];
