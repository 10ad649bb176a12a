import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import lab from "../../probes/mail.send/lab.js";
import { ERROR_TYPES, newest } from "../../probes/mail.send/schema.js";

const markdown = await readFile(resolve("docs/mail.md"), "utf8");
const section = /^## mail\.send.*?(?=^## )/ms.exec(markdown)?.[0] ?? "";

describe("docs/mail.md on mail.send", () => {
  test("its input fits", () => {
    const [, json = ""] = /^```json\n(.*?)^```$/ms.exec(section) ?? [];
    expect(newest.input.faults(JSON.parse(json))).toEqual([]);
  });

  test("names the lab's servers, every error type, every delivery and every schedule", async () => {
    const running = await lab.start(() => 0);
    const servers = running.servers.map(({ name }) => name);
    await running.close();
    const schema = newest.output.schema as { properties: { delivery: { enum: readonly string[] } } };
    const input = newest.input.schema as { properties: { retry_schedule: { enum: readonly string[] } } };
    for (const word of [...servers, ...ERROR_TYPES, ...schema.properties.delivery.enum, ...input.properties.retry_schedule.enum])
      expect(section, word).toMatch(new RegExp(`(\\| |=|also .*)${word}\\b`));
  });

  test("gives the defaults that the contract has", () => {
    const { properties } = newest.input.schema as { properties: Record<string, { default?: unknown }> };
    for (const [, name = "", value = ""] of section.matchAll(/`(port|timeout|retries|retry_delay)` (\d+)/g))
      expect(properties[name]?.default).toBe(Number(value));
    for (const [, name = "", value = ""] of section.matchAll(/`(retry_delay_max|retry_until)` \((\d+)\)/g))
      expect(properties[name]?.default).toBe(Number(value));
  });
});
