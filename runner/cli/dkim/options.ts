import type { Arguments } from "../arguments.js";

export const options = {
  selector: { value: "NAME", description: "Which key of the domain: it is published at NAME._domainkey.<domain> (default)." },
  type: { value: "TYPE", description: "For keygen: rsa, ed25519 or both (rsa). Of both, the Ed25519 key has the selector NAME-ed25519." },
  bits: { value: "N", description: "For keygen: the length of an RSA key, 2048 to 4096 (2048)." },
  out: { value: "DIR", description: "For keygen: the folder of keys (.probe-run/dkim). The key goes to DIR/<domain>/<selector>.pem." },
  keys: { value: "DIR", description: "For check: the folder of keys, to compare ours with what is published." },
  resolver: { value: "ADDRESS", repeated: true, description: "For check: ask this name server instead of the system's." },
  json: { description: "Print JSON." },
} as const;

export type DkimGiven = Arguments<typeof options>["options"];
