import type { FromSchema } from "json-schema-to-ts";
import { orReference, secretName, secretSchema } from "./secret.js";
import { nullable, record } from "./shape.js";
import { AUTH_MECHANISMS } from "./smtp.js";
import { type TlsFacts, tlsInput } from "./tls.js";

/** Where an account's IMAP server is, and who logs in. */
export const imapAccount = {
  host: { type: "string", format: "host", description: "The host name, IPv4 or IPv6 address of the IMAP server." },
  port: { type: "integer", minimum: 1, maximum: 65_535, default: 993, description: "Its port." },
  tls_mode: {
    enum: ["none", "starttls", "implicit"],
    default: "implicit",
    description: "implicit: TLS from the first byte. starttls: upgrade with STARTTLS. none: plain text, including the password.",
  },
  username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The user name, or a reference to it."),
  password: { ...secretSchema, description: "The account's password, or a reference to it." },
  password_secret: secretName("Where to find the password: the name of an environment variable, or a reference."),
  access_token: { ...secretSchema, description: "An OAuth access token instead of a password, or a reference to it." },
} as const;

/** How the login is secured. */
export const imapSecurity = {
  auth: {
    type: "object",
    description: "How to log in.",
    properties: {
      mechanism: { enum: ["auto", ...AUTH_MECHANISMS], default: "auto", description: "auto: the strongest mechanism that the server offers." },
      allow_plaintext: { type: "boolean", default: false, description: "Allow sending the password unencrypted if there is no TLS." },
    },
    additionalProperties: false,
    default: {},
  },
  tls_options: {
    type: "object",
    description: "Requirements for TLS.",
    properties: { ...tlsInput, verify: { ...tlsInput.verify, default: "require" } },
    additionalProperties: false,
    default: {},
  },
} as const;

export const imapFolder = { type: "string", minLength: 1, maxLength: 512, format: "one-line" } as const;

const account = {
  type: "object",
  properties: { ...imapAccount, ...imapSecurity },
  required: ["host", "username"],
  additionalProperties: false,
} as const;
export type ImapAccount = FromSchema<typeof account>;

export const imapLoginSchema = nullable(
  record({
    mechanism: nullable({ enum: AUTH_MECHANISMS }, "The mechanism used; null if none was possible."),
    accepted: { type: "boolean" },
  }),
  "The last login; null if it was not reached or the session was pre-authenticated.",
);
export type ImapLogin = FromSchema<typeof imapLoginSchema>;

/** What is learned while an account is opened, in the output's own words: it survives a failure. */
export interface ImapAccountFacts {
  tls: TlsFacts | null;
  auth: ImapLogin;
  capabilities: string[] | null;
}
