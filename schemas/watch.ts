import { when } from "./assertion.js";
import { DURATION_PATTERN } from "./duration.js";
import { secretSchema } from "./secret.js";

const duration = (description: string) => ({ type: "string", pattern: DURATION_PATTERN, maxLength: 32, description }) as const;

const count = { type: "integer", minimum: 1, maximum: 100 } as const;

const fireAfter = {
  description: "How many measured failures open an incident: a number in a row (3), or a number among the last results.",
  ...when({ type: "object" }, { type: "object", properties: { failures: count, of: count }, required: ["failures", "of"], additionalProperties: false }, count),
} as const;

const zone = {
  type: "string",
  minLength: 1,
  maxLength: 64,
  description: "A time zone by its IANA name, such as Europe/Berlin (that of this machine).",
} as const;

const maintenance = {
  type: "array",
  maxItems: 100,
  items: {
    type: "object",
    properties: {
      cron: { type: "string", minLength: 9, maxLength: 128, description: 'When it begins again and again: five fields in local time, such as "0 3 * * sun".' },
      once: { type: "string", maxLength: 16, description: "When it begins once, in local time: 2026-12-01 22:00." },
      zone,
      for: duration("How long it lasts."),
      tags: { type: "array", minItems: 1, maxItems: 32, items: { type: "string", maxLength: 64 }, description: "Checks with one of these tags (all checks)." },
    },
    required: ["for"],
    additionalProperties: false,
  },
  description: "Times in which checks run and results are recorded, but open no incident. What still fails at the end opens one at once.",
} as const;

/** How a check is watched. The same words stand at a suite, for all of its checks, and at a check, for it alone. */
const rules = {
  every: duration("Time between two starts, such as 60s or 5m (60s)."),
  cron: {
    type: "string",
    minLength: 9,
    maxLength: 128,
    description: 'Instead of every: five fields in the local time of zone, such as "*/5 7-19 * * mon-fri".',
  },
  zone,
  fire_after: fireAfter,
  clear_after: { type: "integer", minimum: 1, maximum: 100, description: "How many measured successes in a row close an incident (2)." },
  objective: {
    type: "object",
    properties: {
      good: { type: "number", minimum: 50, maximum: 99.999, description: "The share of measured time that is to be fine, in percent." },
      days: { type: "integer", minimum: 1, maximum: 366, default: 30, description: "The days over which the share is reckoned (30)." },
    },
    required: ["good"],
    additionalProperties: false,
    description: "An objective. While its error budget is spent too fast, it has an incident of its own.",
  },
  unknown_after: duration("A check that cannot be run for so long has an incident, too (15m)."),
  confirm_after: duration("After a first failure, run again after this time instead of at the next slot."),
  catch_up: {
    enum: ["once", "never"],
    description: "With once, a check whose slots were slept through or came while the watch did not run is run once, late (never).",
  },
} as const;

const notification = {
  type: "object",
  description: "A receiver of changes of incidents: to, alertmanager, mail or program.",
  properties: {
    to: { type: "string", minLength: 1, maxLength: 4096, description: "A webhook's URL, with #secret=env:NAME for the signature as for results of a queue." },
    alertmanager: { type: "string", minLength: 1, maxLength: 4096, description: "The URL of an Alertmanager, such as http://127.0.0.1:9093." },
    mail: { type: "string", format: "one-line", minLength: 3, maxLength: 320, description: "An e-mail address." },
    program: {
      type: "array",
      minItems: 1,
      maxItems: 64,
      items: { type: "string", maxLength: 4096, pattern: "^[^\\u0000]*$" },
      description: "A program and its arguments, without a shell. It reads the events as JSON lines, and takes them by ending with 0.",
    },
    on: {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { enum: ["error", "flapping", "unknown", "recovered"] },
      description: "Which changes are sent (all).",
    },
    remind: duration("Send again after this time while an incident is open."),
    wait: duration("For mail and program: changes within this time after the first are sent together (30s)."),
    send: {
      type: "object",
      description: "For mail: fields of the input of mail.send, such as host, port, from_addr, username and password.",
    },
    labels: {
      type: "object",
      maxProperties: 32,
      propertyNames: { pattern: "^[a-zA-Z_][a-zA-Z0-9_]{0,63}$" },
      additionalProperties: { type: "string", maxLength: 1024 },
      description: "For alertmanager: labels of each alert beside alertname, suite, check, target and probe.",
    },
    timeout: duration("For program: it is ended after this time (30s)."),
  },
  additionalProperties: false,
} as const;

const page = {
  type: "object",
  properties: {
    tokens: { type: "array", minItems: 1, maxItems: 32, items: secretSchema, description: "Bearer tokens of programs: { secret: env:NAME }." },
    users: {
      type: "object",
      minProperties: 1,
      maxProperties: 100,
      propertyNames: { pattern: "^[^\\u0000-\\u001f:]{1,64}$" },
      additionalProperties: secretSchema,
      description: "Passwords by user name, for HTTP basic authentication: ops: { secret: env:NAME }.",
    },
    proxies: {
      type: "object",
      properties: {
        addresses: {
          type: "array",
          minItems: 1,
          maxItems: 32,
          items: { type: "string", maxLength: 64 },
          description: "Addresses or ranges, such as 10.0.0.0/8.",
        },
        header: { type: "string", format: "header-name", maxLength: 64, description: "The header field with the user's name (remote-user)." },
      },
      required: ["addresses"],
      additionalProperties: false,
      description: "Proxies that log users in themselves and name them in a header field.",
    },
    oidc: {
      type: "object",
      properties: {
        issuer: { type: "string", format: "one-line", minLength: 8, maxLength: 1024, description: "The provider's issuer, such as https://login.example.org." },
        client_id: { type: "string", format: "one-line", minLength: 1, maxLength: 256, description: "The client's name at the provider." },
        client_secret: { ...secretSchema, description: "The client's secret, as { secret: env:NAME } (none, as of a public client)." },
        url: {
          type: "string",
          format: "one-line",
          minLength: 8,
          maxLength: 1024,
          description: "The status page as browsers reach it. The provider must allow it with login/callback behind it.",
        },
        groups: {
          type: "array",
          minItems: 1,
          maxItems: 32,
          items: { type: "string", minLength: 1, maxLength: 256 },
          description: "Members of one of these groups are operators (everyone whom the provider logs in).",
        },
        groups_claim: { type: "string", minLength: 1, maxLength: 256, description: "The claim of the ID token with the groups (groups)." },
        scopes: { type: "array", maxItems: 16, items: { type: "string", pattern: "^[!#-\\[\\]-~]{1,64}$" }, description: "Scopes beside openid ([profile])." },
      },
      required: ["issuer", "client_id", "url"],
      additionalProperties: false,
      description: "Login at an OpenID provider.",
    },
  },
  additionalProperties: false,
  description: "Who may see all of the status page and the API. With --public, others see names and states.",
} as const;

const heartbeats = {
  type: "array",
  maxItems: 1000,
  items: {
    type: "object",
    properties: {
      name: { type: "string", format: "one-line", minLength: 1, maxLength: 128, description: "The job's name in reports, after the word heartbeat." },
      every: duration("Time between two requests of the job."),
      grace: duration("So much later a request is missing; before that, it is late (5m)."),
      token: { ...secretSchema, description: "The unguessable part of its URL: { secret: env:NAME }, with 20 to 200 letters, digits, - and _." },
      tags: { type: "array", maxItems: 32, items: { type: "string", maxLength: 64 }, description: "Tags, for maintenance." },
      id: { type: "string", pattern: "^[A-Za-z0-9_.-]{1,64}$", description: "Its name in the history, so that it may be renamed." },
    },
    required: ["name", "every", "token"],
    additionalProperties: false,
  },
  description: "Jobs that report themselves: each requests /heartbeat/TOKEN when it has run. Only with --listen.",
} as const;

/** The `watch:` of a suite. `probe-run test` passes over it. */
export const suiteWatchSchema = {
  type: "object",
  description: "How probe-run watch runs the suite: docs/watch.md.",
  properties: {
    ...rules,
    canaries: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      items: { type: "string", minLength: 1 },
      description: "Names of checks. While all of them fail, this machine is offline, and failures of other checks are unknown.",
    },
    locations: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      items: { type: "string", pattern: "^[a-z0-9][a-z0-9-]{0,31}$" },
      description: "Places whose workers run every check: probe-run work --location NAME. Only with --queue.",
    },
    quorum: {
      type: "integer",
      minimum: 1,
      maximum: 16,
      description: "How many locations must report a failure, and at least half of those that report (half of locations, rounded up).",
    },
    maintenance,
    certificates: {
      type: "array",
      maxItems: 8,
      items: duration("Time before the expiry."),
      description: "When to warn of a certificate that expires, once for each certificate ([21d, 7d]); [] for never.",
    },
    heartbeat: {
      type: "string",
      format: "one-line",
      minLength: 8,
      maxLength: 4096,
      description: "A URL that is requested every minute while checks run, so that another service notices when this watch does not.",
    },
    heartbeats,
    notify: { type: "array", maxItems: 16, items: notification, description: "Where changes of incidents are sent." },
    page,
    keep: {
      type: "object",
      properties: {
        results: duration("Results that are ok (48h)."),
        failures: duration("Failures with their evidence (90d)."),
        hours: duration("Counts by hour (90d)."),
      },
      additionalProperties: false,
      description: "How long history is kept.",
    },
  },
  additionalProperties: false,
} as const;

/** The `watch:` of a check. */
export const checkWatchSchema = {
  type: "object",
  description: "How probe-run watch runs this check: docs/watch.md.",
  properties: {
    ...rules,
    id: {
      type: "string",
      pattern: "^[A-Za-z0-9_.-]{1,64}$",
      description: "Its name in the history, so that it may be renamed. Add it before renaming, and what is known of the check stays.",
    },
    depends_on: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      items: { type: "string", minLength: 1 },
      description: "Names of checks. While one of them fails, failures of this check are recorded and open no incident.",
    },
  },
  additionalProperties: false,
} as const;
