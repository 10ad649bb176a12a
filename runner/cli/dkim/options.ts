import type { Arguments } from "../arguments.js";

export const options = {
  selector: { value: "NAME", description: "The selector of the key, which is published at NAME._domainkey.<domain> (default)." },
  type: {
    value: "TYPE",
    choices: ["rsa", "ed25519", "both"],
    description: "For keygen: rsa, ed25519 or both (rsa). With both, the Ed25519 key has the selector NAME-ed25519.",
  },
  bits: { value: "N", description: "For keygen: length of an RSA key, 2048 to 4096 (2048)." },
  out: { value: "DIR", description: "For keygen: the folder of keys (.probe-run/dkim); the key is stored in DIR/<domain>/<selector>.pem." },
  keys: { value: "DIR", description: "For check: the folder of signing keys, to compare with the published record." },
  resolver: { value: "ADDRESS", repeated: true, description: "For check: ask this name server instead of the system's." },
  json: { description: "Print JSON." },
} as const;

export type DkimGiven = Arguments<typeof options>["options"];
