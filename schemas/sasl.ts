import { orReference, secretSchema } from "./secret.js";

/** How to log in, over any protocol: a user name with a password, or with an access token (XOAUTH2). */
export function loginInput<const Names extends readonly string[]>(mechanisms: Names) {
  return {
    type: "object",
    properties: {
      mechanism: { enum: ["auto", ...mechanisms], default: "auto", description: "auto: the strongest mechanism that the server offers." },
      username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The user name, or a reference to it."),
      password: { ...secretSchema, description: "The account's password, or a reference to it." },
      access_token: { ...secretSchema, description: "The access token of XOAUTH2, or a reference to it." },
      allow_plaintext: { type: "boolean", default: false, description: "Allow sending the password unencrypted if there is no TLS." },
    },
    required: ["username"],
    additionalProperties: false,
  } as const;
}
