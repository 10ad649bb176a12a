import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/data.dynamodb/schema.js";
import { run } from "../../../runner/harness/run.js";
import { until } from "../../support/daemon.js";

/** dynalite is another implementation of the API. It takes any signature. */
let server: Server;
let port = 0;

const auth = { access_key_id: "test-key-id", secret_access_key: "test-secret-key" };
const BIG = "12345678901234567890123456789012345678";

async function ask(input: object): Promise<Output> {
  return (await run("data.dynamodb", { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, ...input } as never)).output as Output;
}

/** By fetch, so that the fixtures do not rest on the client under test. */
async function call(action: string, parameters: object): Promise<unknown> {
  const authorization = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=abc";
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `DynamoDB_20120810.${action}`,
    authorization,
    "x-amz-date": "20260101T000000Z",
  };
  return (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: JSON.stringify(parameters) })).json();
}

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType });
  const key = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });
  await call("CreateTable", {
    TableName: "orders",
    AttributeDefinitions: [attribute("customer", "S"), attribute("number", "N"), attribute("status", "S")],
    KeySchema: [key("customer", "HASH"), key("number", "RANGE")],
    BillingMode: "PAY_PER_REQUEST",
    GlobalSecondaryIndexes: [{ IndexName: "by-status", KeySchema: [key("status", "HASH")], Projection: { ProjectionType: "ALL" } }],
  });
  const isActive = async (): Promise<boolean> => JSON.stringify(await call("DescribeTable", { TableName: "orders" })).includes('"TableStatus":"ACTIVE"');
  await until(isActive, "the table is not active", "");
  const items = [1, 2, 3].map((number) => ({ customer: { S: "ann" }, number: { N: String(number) }, status: { S: number === 2 ? "open" : "paid" } }));
  const values = {
    total: { N: "12.50" },
    big: { N: BIG },
    address: { M: { city: { S: "Bern" } } },
    sizes: { L: [{ N: "7" }, { NULL: true }] },
    tags: { SS: ["a", "b"] },
    raw: { B: "AAEC/w==" },
    gift: { BOOL: true },
    long: { S: "x".repeat(5000) },
    "a-b": { S: "dash" },
  };
  for (const item of items) await call("PutItem", { TableName: "orders", Item: { ...item, ...values } });
});
afterAll(() => void server.close());

describe("dynalite", () => {
  test("the table's state, and one item with every type of value", async () => {
    const attributes = ["number", "total", "big", "address.city", "sizes.0", "sizes.1", "sizes", "tags", "raw", "gift", "status", "none", "a-b"];
    const output = await ask({ auth, table: "orders", read: { key: { customer: "ann", number: 2 }, attributes } });
    expect(output).toMatchObject({
      status: "ok",
      failure: null,
      auth: { method: "AWS4-HMAC-SHA256", accepted: true },
      server_version: null,
      table: { name: "orders", status: "ACTIVE", billing_mode: "PAY_PER_REQUEST", indexes: [{ name: "by-status", status: "ACTIVE" }], replicas: [] },
      truncated: false,
      row_count: 1,
      // The items are longer than 4 KiB, and are read without consistency.
      consumed_capacity: 1,
    });
    expect(output.rows).toEqual([[2, 12.5, BIG, "Bern", 7, null, "[7,null]", '["a","b"]', "000102ff", true, "open", null, "dash"]]);
    expect(Math.abs(output.clock_offset_ms ?? Number.NaN)).toBeLessThan(60_000);
    expect(JSON.stringify(output)).not.toContain("test-secret-key");
  });

  test("the items of a partition: their order and their limit", async () => {
    expect((await ask({ auth, table: "orders", read: { key: { customer: "ann" }, attributes: ["number"] } })).rows).toEqual([[1], [2], [3]]);
    const last = await ask({
      auth,
      table: "orders",
      read: { key: { customer: "ann" }, attributes: ["number"], descending: true, max_rows: 2, consistent: true },
    });
    expect(last).toMatchObject({ rows: [[3], [2]], truncated: true });
    expect(await ask({ auth, table: "orders", read: { key: { customer: "ann" }, attributes: ["long"], max_rows: 3 } })).toMatchObject({
      row_count: 3,
      truncated: true,
    });
    expect(await ask({ auth, table: "orders", read: { key: { customer: "nobody" } } })).toMatchObject({
      status: "ok",
      rows: [],
      row_count: 0,
      truncated: false,
    });
  });

  test("an index, and the attributes of the key by default", async () => {
    expect((await ask({ auth, table: "orders", read: { key: { status: "open" }, index: "by-status" } })).rows).toEqual([["open"]]);
  });

  test.each<[what: string, input: object, failure: object, code: string]>([
    [
      "a table that does not exist",
      { table: "none" },
      { phase: "command", code: "reply_rejected", reply_code: 400, retryable: false },
      "ResourceNotFoundException",
    ],
    [
      "an index that does not exist",
      { table: "orders", read: { key: { status: "open" }, index: "none" } },
      { phase: "query", code: "reply_rejected" },
      "ValidationException",
    ],
    [
      "a key that the table does not have",
      { table: "orders", read: { key: { other: "a" } } },
      { phase: "query", code: "reply_rejected" },
      "ValidationException",
    ],
  ])("%s", async (_, input, failure, code) => {
    expect(await ask({ auth, ...input })).toMatchObject({ status: "error", failure, server_error: { code } });
  });

  test("requests without a signature", async () => {
    expect(await ask({ prefer: { anonymous_access: false } })).toMatchObject({ status: "ok", failure: null, auth: null, anonymous_access: false });
    expect(await ask({ table: "orders" })).toMatchObject({
      failure: { phase: "auth", code: "reply_rejected" },
      server_error: { code: "MissingAuthenticationTokenException" },
    });
  });
});
