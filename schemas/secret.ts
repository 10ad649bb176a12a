/**
 * A field that holds a secret: the text itself, or where to find it. What is marked x-secret is resolved by the harness
 * before the run and taken out of everything that leaves it.
 */
export const secretSchema = {
  anyOf: [
    { type: "string", minLength: 1, maxLength: 8192 },
    {
      type: "object",
      properties: {
        secret: { type: "string", pattern: "^(env|file|command):.+", maxLength: 4096, description: "env:NAME, file:PATH or command:PROGRAM ARGS" },
      },
      required: ["secret"],
      additionalProperties: false,
    },
  ],
  "x-secret": true,
} as const;

export type SecretReference = { secret: string };
