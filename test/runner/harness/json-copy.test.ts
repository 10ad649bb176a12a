import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createDelivery } from "../../../runner/delivery-library.js";
import { jsonCopy } from "../../../runner/harness/json-copy.js";
import { openQueue, RequestError, run, runMany, type Violation } from "../../../runner/index.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-json-copy-"));
afterAll(() => rmSync(folder, { recursive: true }));

const circular: Record<string, unknown> = { target_host: "mx.example.org", tls: { mode: "none" } };
(circular.tls as Record<string, unknown>).around = [circular];
const deep = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`) as unknown;

const NO_JSON: [name: string, input: unknown, pointers: string[]][] = [
  ["an object that contains itself", circular, ["/tls/around/0"]],
  ["a BigInt", { target_host: "mx.example.org", target_port: 25n, tls: { "a/b": [1n] } }, ["/target_port", "/tls/a~1b/0"]],
  ["a BigInt as the whole input", 1n, [""]],
];

describe.each(NO_JSON)("%s is refused with its place", (_, input, pointers) => {
  const expected = { name: "RequestError", code: "invalid_input", violations: pointers.map((pointer) => expect.objectContaining({ pointer })) };

  test("by run and enqueue", async () => {
    await expect(run("network.smtp", input as never)).rejects.toMatchObject(expected);
    await using queue = await openQueue(`sqlite:${join(folder, "queue.db")}`);
    await expect(queue.enqueue("network.smtp", input as never)).rejects.toMatchObject(expected);
  });

  test.each([1, 2])("by runMany in %i processes, beside other inputs", async (processes) => {
    const refused = { target_host: 5 };
    const errors: unknown[] = [];
    for await (const { index, error } of runMany("network.smtp", [refused, input, refused] as never, { processes })) errors[index] = error;
    expect(errors.map((error) => error instanceof RequestError)).toEqual([true, true, true]);
    expect(errors[1]).toMatchObject(expected);
  });
});

test("createDelivery refuses options that are no JSON, and functions by their name", () => {
  expect(() => createDelivery({ env: {}, connect_timeout_ms: 5n as never })).toThrow(/\/connect_timeout_ms must not be a BigInt/);
  expect(() => createDelivery({ env: {}, onTroubel: () => {} } as never)).toThrow(/\/onTroubel there is no such field/);
});

test("an input may be deep, but not without end", () => {
  const refused = (violations: readonly Violation[]) => new RequestError("refused", "invalid_input", violations);
  expect(jsonCopy(deep(501), refused)).toEqual(deep(501));
  expect(() => jsonCopy(deep(502), refused)).toThrow(/must not be nested more than 500 levels deep/);
  expect(() => jsonCopy(deep(100_000), refused)).toThrow(RequestError);
});

test("an object that is used twice is no circle", () => {
  const tls = { mode: "none" };
  expect(jsonCopy({ one: tls, other: tls, list: [tls] }, () => new Error("refused"))).toEqual({ one: tls, other: tls, list: [tls] });
});
