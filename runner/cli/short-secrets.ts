import { ALLOW_SHORT_SECRETS } from "../harness/references.js";

export const shortSecretsOption = {
  "allow-short-secrets": { description: "Accept secrets of fewer than four characters. They are masked only if they stand alone." },
} as const;

/** Applies to this process and its children: workers, and the processes of a suite. */
export function allowShortSecrets({ "allow-short-secrets": allowed }: { readonly "allow-short-secrets": boolean }): void {
  if (allowed) process.env[ALLOW_SHORT_SECRETS] = "1";
}
