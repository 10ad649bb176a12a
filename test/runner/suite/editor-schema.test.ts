import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import schema from "../../../schemas/json/suite.json" with { type: "json" };

// As an editor judges: it knows neither our formats nor our annotations.
const judge = new Ajv2020({ strict: false, allErrors: true, logger: false, validateFormats: false }).compile(schema);
const faults = (suite: unknown): string[] => (judge(suite) ? [] : (judge.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`));

const suite = (check: object) => ({ name: "mail", targets: { mx1: { target_host: "mx1.example.org" } }, checks: [check] });

describe("schemas/json/suite.json", () => {
  test("takes the suites that docs/suites.md and the fixtures show", () => {
    const [, shown = ""] = /```yaml\n(name: [\s\S]*?)```/.exec(readFileSync("docs/suites.md", "utf8")) as RegExpExecArray;
    expect(faults(parse(shown))).toEqual([]);
    expect(faults(parse(readFileSync("fixtures/package/suite.yaml", "utf8")))).toEqual([]);
  });

  test.each([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a value of the environment, as suites write it
    [{ probe: "network.smtp@2", input: { target_port: "${PORT}" } }],
    [{ probe: "network.smtp", targets: ["mx1"], expect: { output: { banner: { contains: "x" } } } }],
    [{ probe: "./probes/own.js", input: { anything: 1 } }],
    [{ probe: "network.smtp@1", input: { send_email_flag: "False" } }],
  ])("takes %j", (check) => {
    expect(faults(suite(check))).toEqual([]);
  });

  test.each([
    [{ probe: "network.smtp@2", input: { target_hots: "mx1" } }, "/checks/0/input must NOT have additional properties"],
    [{ probe: "network.smtp@2", input: { send_email_flag: "False" } }, "/checks/0/input must NOT have additional properties"],
    [{ probe: "network.smtp", expect: { status: "good" } }, "/checks/0/expect/status must be equal to one of the allowed values"],
    [{ probe: "network.smtp", nam: "x" }, "/checks/0 must NOT have additional properties"],
    [{ name: "x" }, "/checks/0 must have required property 'probe'"],
  ])("marks %j", (check, fault) => {
    expect(faults(suite(check))).toContain(fault);
  });

  test("offers the probes and describes their fields", () => {
    const items = schema.properties.checks.items;
    expect(items.properties.probe.examples).toEqual(expect.arrayContaining(["network.smtp", "network.smtp@1", "network.smtp@2", "webapp.http"]));
    const smtp = items.allOf.find((each) => each.if.properties.probe.enum.includes("network.smtp"));
    expect(smtp?.then.properties.input.properties).toMatchObject({ target_host: { description: expect.stringContaining("host name") } });
  });
});
