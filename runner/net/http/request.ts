import { isFieldValue } from "../../../schemas/http-request.js";
import { resolved, type SecretReference } from "../../../schemas/secret.js";
import { failureError } from "../../run/failure-error.js";
import type { SecretKeeper } from "../../run/secret-keeper.js";
import type { Field } from "./message.js";

/** The parts of an input that become header fields; the harness has resolved its references. */
export interface HeaderInput {
  readonly headers?: Readonly<Record<string, string | SecretReference>>;
  readonly auth?: {
    readonly username?: string | SecretReference;
    readonly password?: string | SecretReference;
    readonly token?: string | SecretReference;
  };
}

/** Fields whose values are secrets, even if they are in the input itself. */
const SECRET_FIELDS = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The header fields of a request: the usual ones, unless the input has others, and its credentials. */
export function fieldsOf({ headers = {}, auth }: HeaderInput, usual: readonly Field[], secrets: Pick<SecretKeeper, "keep">): Field[] {
  const given = Object.entries(headers).map(([name, value]): Field => [name, checkedValue(name, resolved(value))]);
  for (const [name, value] of given) if (SECRET_FIELDS.has(name.toLowerCase())) keepCredential(value, secrets);
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const credentials = auth === undefined || names.has("authorization") ? [] : [authorization(auth, secrets)];
  return [...usual.filter(([name]) => !names.has(name.toLowerCase())), ...given, ...credentials];
}

/** A value that a reference led to was not checked with the input. */
function checkedValue(name: string, value: string): string {
  if (isFieldValue(value)) return value;
  throw failureError("request", "not_permitted", `the value of the header ${name} is not one line without control characters`);
}

function authorization({ username, password, token }: NonNullable<HeaderInput["auth"]>, secrets: Pick<SecretKeeper, "keep">): Field {
  if (token !== undefined) return ["Authorization", checkedValue("Authorization", `Bearer ${resolved(token)}`)];
  const encoded = Buffer.from(`${resolved(username ?? "")}:${resolved(password ?? "")}`).toString("base64");
  secrets.keep(encoded);
  return ["Authorization", `Basic ${encoded}`];
}

/** A server may send back the credential without the word before it. */
function keepCredential(value: string, secrets: Pick<SecretKeeper, "keep">): void {
  secrets.keep(value);
  secrets.keep(value.replace(/^\S+\s+/, ""));
}
