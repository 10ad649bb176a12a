/** Why a message was rejected: the classes shared by delivery and bounce parsing. */

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
    "address: the mailbox does not exist, or its domain accepts no mail.",
    "mailbox_full, mailbox_disabled: the mailbox accepts no mail, temporarily or permanently.",
    "policy: a rule of the receiving side. reputation: the sender or its IP address is not trusted. content: the content of the message.",
    "rate: too many messages or connections. greylist: an unknown sender must retry later.",
    "network: no connection, a lost connection, or a server that is busy or failing. tls: no encryption that both sides accept.",
    "configuration: the sender's names, addresses or account are not set up as the receiver requires.",
    "routing: no route to a server for the domain. size: the message is too large.",
    "auth: the sender's login, or the message's SPF, DKIM or DMARC. protocol: a protocol error on either side.",
    "other: none of these, or no reason given.",
  ].join(" "),
} as const;

/** Who rejected it: the recipient's server, a filter in front of it or a list that it uses, or the sending side itself. */
export const BOUNCE_SPEAKERS = ["server", "filter", "us"] as const;
export type BounceSpeaker = (typeof BOUNCE_SPEAKERS)[number];
export const bounceSpeakerSchema = {
  enum: BOUNCE_SPEAKERS,
  description: "server: the recipient's mail server. filter: a filter in front of it, or a list that it uses. us: the sending side found it out itself.",
} as const;
