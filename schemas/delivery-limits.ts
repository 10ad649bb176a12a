const limit = (maximum: number, standard: number, description: string) => ({ type: "integer", minimum: 1, maximum, default: standard, description }) as const;

export const limitsInput = {
  type: "object",
  description: "Concurrency and rate limits.",
  properties: {
    sessions_per_site: limit(
      1000,
      20,
      "Maximum simultaneous connections to one mail site from one source address; lowered automatically if the site rejects connections.",
    ),
    messages_per_session: limit(10_000, 100, "Maximum messages per connection."),
    recipients_per_transaction: limit(1000, 100, "Maximum recipients per mail transaction (RFC 5321, section 4.5.3.1.8)."),
    messages_per_minute: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 6_000_000,
      description: "Maximum messages per minute to one mail site from one source address; unlimited by default.",
    },
    addresses_per_site: limit(50, 5, "Maximum mail host addresses tried for one message."),
    greetings_per_site: limit(50, 2, "Maximum mail hosts that may greet and then fail before the message is queued for a retry."),
    idle_ms: { type: "integer", minimum: 0, maximum: 600_000, default: 2000, description: "How long an idle session is kept open for another message." },
  },
  additionalProperties: false,
  default: {},
} as const;

export const retryInput = {
  type: "object",
  description: "When a queue retries temporary failures.",
  properties: {
    first_ms: {
      type: "integer",
      minimum: 1,
      maximum: 86_400_000,
      default: 300_000,
      description: "Delay before the first retry; it doubles with each retry, with 20 % jitter.",
    },
    most_ms: { type: "integer", minimum: 1, maximum: 604_800_000, default: 14_400_000, description: "Maximum delay between two attempts." },
    give_up_after_ms: {
      type: "integer",
      minimum: 0,
      maximum: 2_592_000_000,
      default: 432_000_000,
      description: "Age at which recipients still queued are bounced.",
    },
  },
  additionalProperties: false,
  default: {},
} as const;
