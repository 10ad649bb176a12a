/** Why a message was not taken, in the words that delivery and the reading of reports share. */

export const BOUNCE_CLASSES = [
  "address",
  "mailbox_full",
  "mailbox_disabled",
  "policy",
  "reputation",
  "content",
  "rate",
  "greylist",
  "network",
  "tls",
  "configuration",
  "routing",
  "size",
  "auth",
  "protocol",
  "other",
] as const;
export type BounceClass = (typeof BOUNCE_CLASSES)[number];

export const bounceClassSchema = {
  enum: BOUNCE_CLASSES,
  description: [
    "address: there is no such mailbox, or its domain takes no mail.",
    "mailbox_full, mailbox_disabled: the mailbox takes nothing, now or ever.",
    "policy: a rule of the recipient's side. reputation: who sends, or from where, is not trusted. content: what the message holds.",
    "rate: too much at a time. greylist: an unknown sender is to come again.",
    "network: no connection, one that broke, or a server that is busy or out of order. tls: no encryption that both accept.",
    "configuration: names, addresses or an account of ours are not set up as the other side wants them.",
    "routing: no way to a server that serves the domain. size: the message is too large.",
    "auth: our log-in, or the message's SPF, DKIM or DMARC. protocol: one side did not understand the other.",
    "other: none of these, or it does not say.",
  ].join(" "),
} as const;

/** Who it was: the recipient's server, a filter before it or a list that it asks, or this side, where nobody said anything. */
export const BOUNCE_SPEAKERS = ["server", "filter", "us"] as const;
export type BounceSpeaker = (typeof BOUNCE_SPEAKERS)[number];
export const bounceSpeakerSchema = {
  enum: BOUNCE_SPEAKERS,
  description: "server: the recipient's own. filter: one before it, or a list that it asks. us: nobody said it, this side found it out.",
} as const;
