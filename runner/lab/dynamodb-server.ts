import { crc32 } from "node:zlib";
import { signatureFields } from "../net/dynamodb/signature.js";
import { type HttpServer, listenHttp, type RequestHandler, type ServerOptions } from "../net/http/listen.js";

/** A small part of DynamoDB: tables that are there from the beginning, and items by their key. */
export interface DynamoServerSettings extends ServerOptions {
  /** Without it no request needs a signature. */
  readonly account?: { readonly access_key_id: string; readonly secret_access_key: string };
  readonly tables?: readonly LabTable[];
  /** How far its clock is ahead. */
  readonly clockOffsetMs?: number;
}

interface LabTable {
  readonly name: string;
  readonly status?: string;
  readonly items: readonly LabItem[];
}
type LabItem = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Answer {
  readonly status: number;
  readonly document: object;
}

type Request = Parameters<RequestHandler>[0];

const MAX_BODY_BYTES = 64 * 1024;
const NAMESPACE = "com.amazonaws.dynamodb.v20120810#";

export function startDynamoServer(settings: DynamoServerSettings = {}): Promise<HttpServer> {
  return listenHttp((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => {
      if (body.length < MAX_BODY_BYTES) body += text;
    });
    request.on("end", () => {
      const { status, document } = answerTo(request, body, settings);
      const text = JSON.stringify(document);
      response.statusCode = status;
      response.setHeader("content-type", "application/x-amz-json-1.0");
      response.setHeader("date", new Date(Date.now() + (settings.clockOffsetMs ?? 0)).toUTCString());
      response.setHeader("x-amz-crc32", String(crc32(text)));
      response.end(text);
    });
  }, settings);
}

function answerTo(request: Request, body: string, settings: DynamoServerSettings): Answer {
  const refusal = refusalOf(request, body, settings);
  if (refusal !== null) return refused(refusal.code, refusal.message);
  const tables = settings.tables ?? [];
  const parameters = JSON.parse(body) as QueryParameters & { readonly TableName?: string };
  const action = String(request.headers["x-amz-target"]).split(".")[1];
  if (action === "ListTables") return { status: 200, document: { TableNames: tables.slice(0, 1).map(({ name }) => name) } };
  const table = tables.find(({ name }) => name === parameters.TableName);
  if (table === undefined) return refused("ResourceNotFoundException", `Requested resource not found: Table: ${parameters.TableName} not found`);
  if (action === "DescribeTable") return { status: 200, document: { Table: descriptionOf(table) } };
  return action === "Query" ? { status: 200, document: queried(table, parameters) } : refused("UnknownOperationException", "");
}

/** Signs the request again with the account's key, and compares. */
function refusalOf({ headers }: Request, body: string, { account, clockOffsetMs = 0 }: DynamoServerSettings): { code: string; message: string } | null {
  if (account === undefined) return null;
  const { authorization = "", host = "", "x-amz-date": time = "", "x-amz-security-token": token } = headers as Record<string, string | undefined>;
  if (authorization === "") return { code: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token" };
  const [, id, region] = /Credential=([^/]+)\/\d{8}\/([^/]+)\/dynamodb\//.exec(authorization) ?? [];
  if (id !== account.access_key_id) return { code: "UnrecognizedClientException", message: "The security token included in the request is invalid." };
  const at = new Date(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const now = Date.now() + clockOffsetMs;
  if (!(Math.abs(now - at.getTime()) < 300_000))
    return { code: "InvalidSignatureException", message: `Signature expired: ${time} is not within 5 min. of the service's time` };
  const fields = (["content-type", "x-amz-target"] as const).map((name) => [name, String(headers[name])] as const);
  const signer = { ...account, session_token: token ?? null, region: region ?? "", service: "dynamodb", at };
  const expected = signatureFields({ method: "POST", path: "/", host, fields, body }, signer).find(([name]) => name === "Authorization");
  if (expected?.[1] === authorization) return null;
  return { code: "InvalidSignatureException", message: "The request signature we calculated does not match the signature you provided." };
}

function descriptionOf({ name, status = "ACTIVE", items }: LabTable): object {
  return {
    TableName: name,
    TableStatus: status,
    ItemCount: items.length,
    TableSizeBytes: items.length * 100,
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
  };
}

interface QueryParameters {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
  readonly KeyConditionExpression?: string;
  readonly Limit?: number;
}

/** Whole items, whatever was asked for of them. */
function queried(
  { items }: LabTable,
  { KeyConditionExpression = "", ExpressionAttributeNames = {}, ExpressionAttributeValues = {}, Limit = 100 }: QueryParameters,
): object {
  const conditions = KeyConditionExpression.split(" AND ").map((condition) => condition.split(" = ") as [string, string]);
  const isFound = (item: LabItem): boolean =>
    conditions.every(([name, value]) => JSON.stringify(item[ExpressionAttributeNames[name] ?? ""]) === JSON.stringify(ExpressionAttributeValues[value]));
  const found = items.filter(isFound).slice(0, Limit);
  return { Items: found, Count: found.length, ScannedCount: found.length, ConsumedCapacity: { CapacityUnits: 0.5 } };
}

function refused(code: string, message: string): Answer {
  return { status: 400, document: { __type: `${NAMESPACE}${code}`, message } };
}
