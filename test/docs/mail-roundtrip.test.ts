import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import lab from "../../probes/mail.roundtrip/lab.js";
import { newest } from "../../probes/mail.roundtrip/schema.js";
import { readSuite } from "../../runner/suite/read.js";
import { carriedProperties } from "../../schemas/carried.js";

const markdown = await readFile(resolve("docs/mail.md"), "utf8");
const section = /^## mail\.roundtrip.*?(?=^## |(?![\s\S]))/ms.exec(markdown)?.[0] ?? "";

interface Fields {
  properties: Readonly<Record<string, Fields & { enum?: readonly (string | null)[]; default?: unknown }>>;
}

const input = newest.input.schema as unknown as Fields;
const output = newest.output.schema as unknown as Fields;

describe("docs/mail.md on mail.roundtrip", () => {
  test("its input fits", () => {
    const [, json = ""] = /^```json\n(.*?)^```$/ms.exec(section) ?? [];
    expect(newest.input.faults(JSON.parse(json))).toEqual([]);
  });

  test("its suite can be run", async () => {
    const [, yaml = ""] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
    const { checks } = await readSuite("docs/mail.md", yaml, {});
    expect(checks.map(({ title }) => title)).toEqual(["mail.roundtrip@1 from our relay to the provider"]);
  });

  test("names the lab's servers, every expectation, and what may become of a message", async () => {
    const running = await lab.start(() => 0);
    const [first, ...others] = running.servers.map(({ name }) => name);
    await running.close();
    expect(first).toBe("loop");
    const outcomes = [output.properties.arrival, output.properties.clean_up?.properties.outcome].flatMap((field) => field?.enum ?? []);
    const expectations = Object.keys(input.properties.expect?.properties ?? {});
    for (const word of [...others, ...outcomes, ...expectations]) expect(section, String(word)).toMatch(new RegExp(`\\b${word}\\b`));
  });

  test("names every field of the output", () => {
    const documented = ["token", "message_id", "subject", "findings", ...Object.keys(carriedProperties)];
    for (const name of Object.keys(output.properties).filter((each) => !documented.includes(each))) expect(section, name).toContain(`\`${name}\``);
  });

  test("gives the defaults that the contract has", () => {
    for (const name of ["wait_ms", "duplicate_wait_ms"]) expect(section).toContain(`\`${name}\` (${input.properties[name]?.default})`);
  });
});
