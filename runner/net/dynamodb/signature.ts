import { createHash, createHmac } from "node:crypto";
import type { Field } from "../http/message.js";

/** Who signs, for which region and service, and when. */
export interface Signer {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  /** Of temporary credentials. */
  readonly session_token: string | null;
  readonly region: string;
  readonly service: string;
  readonly at: Date;
}

export interface UnsignedRequest {
  readonly method: string;
  /** Encoded as it is sent. */
  readonly path: string;
  readonly host: string;
  readonly fields: readonly Field[];
  readonly body: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** The header fields that AWS Signature Version 4 adds to a request without a query. Every field of the request is signed. */
export function signatureFields(request: UnsignedRequest, signer: Signer): Field[] {
  const time = `${signer.at.toISOString().replace(/[-:]|\.\d{3}/g, "")}`;
  const date: Field = ["X-Amz-Date", time];
  const token: Field[] = signer.session_token === null ? [] : [["X-Amz-Security-Token", signer.session_token]];
  const signed = canonicalFields([["host", request.host], ...request.fields, date, ...token]);
  const names = signed.map(([name]) => name).join(";");
  const canonicalRequest = [request.method, request.path, "", ...signed.map(([name, value]) => `${name}:${value}`), "", names, sha256(request.body)].join("\n");
  const scope = [time.slice(0, 8), signer.region, signer.service, "aws4_request"].join("/");
  const signature = hmac(signingKey(signer, time.slice(0, 8)), [ALGORITHM, time, scope, sha256(canonicalRequest)].join("\n")).toString("hex");
  return [date, ...token, ["Authorization", `${ALGORITHM} Credential=${signer.access_key_id}/${scope}, SignedHeaders=${names}, Signature=${signature}`]];
}

/** Lower-case names in order, and values with single blanks. */
function canonicalFields(fields: readonly Field[]): Field[] {
  return fields
    .map(([name, value]): Field => [name.toLowerCase(), value.trim().replace(/ +/g, " ")])
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
}

function signingKey({ secret_access_key, region, service }: Signer, date: string): Buffer {
  return [date, region, service, "aws4_request"].reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${secret_access_key}`) as Buffer;
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
