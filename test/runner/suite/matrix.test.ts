import { describe, expect, test } from "vitest";
import { checksOf } from "../../../runner/suite/choose.js";
import { SuiteError } from "../../../runner/suite/problem.js";
import { readSuite } from "../../../runner/suite/read.js";

const read = (text: string, environment: Record<string, string> = {}) => readSuite("/suite.yaml", text, environment);

async function problems(text: string, environment: Record<string, string> = {}): Promise<string[]> {
  const error = await read(text, environment).catch((reason: unknown) => reason);
  if (!(error instanceof SuiteError)) throw new Error("nothing is wrong");
  return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

const SUITE = `name: mail
targets:
  mx1: { target_host: mx1.example.org, tls: { servername: mx.example.org } }
  mx2: { target_host: mx2.example.org }
matrix:
  port:
    smtp: { target_port: 25 }
    submission: { target_port: 587, tls: { mode: starttls } }
  helo_domain: [a.example, b.example]
checks:
  - probe: network.smtp@2
    targets: [mx1]
  - probe: network.smtp@2
    name: second
    targets: [submission]
    input: { helo_domain: own.example }
`;

describe("a matrix", () => {
  test("combines every target with one value of each axis; the last axis varies first", async () => {
    const { targets } = await read(SUITE);
    expect(targets.map(({ name }) => name)).toEqual([
      "mx1/smtp/a.example",
      "mx1/smtp/b.example",
      "mx1/submission/a.example",
      "mx1/submission/b.example",
      "mx2/smtp/a.example",
      "mx2/smtp/b.example",
      "mx2/submission/a.example",
      "mx2/submission/b.example",
    ]);
  });

  test("lays its fields over the target's, and a check's own fields over both", async () => {
    const { checks } = await read(SUITE);
    const inputOf = (title: string) => checks.find((check) => check.title === title)?.input;
    expect(inputOf("mx1/submission/b.example network.smtp@2")).toEqual({
      target_host: "mx1.example.org",
      target_port: 587,
      tls: { servername: "mx.example.org", mode: "starttls" },
      helo_domain: "b.example",
    });
    expect(inputOf("mx2/submission/a.example network.smtp@2 second")).toEqual({
      target_host: "mx2.example.org",
      target_port: 587,
      tls: { mode: "starttls" },
      helo_domain: "own.example",
    });
  });

  test("a part of a target's name selects all targets that have it, for a check and for --target", async () => {
    const { checks } = await read(SUITE);
    expect(checks).toHaveLength(8);
    const chosen = (...targets: string[]) => checksOf(checks, { targets }).map(({ title }) => title);
    expect(chosen("mx2")).toEqual(["mx2/submission/a.example network.smtp@2 second", "mx2/submission/b.example network.smtp@2 second"]);
    expect(chosen("mx1/smtp/a.example")).toEqual(["mx1/smtp/a.example network.smtp@2"]);
    expect(chosen("mx1/smtp")).toEqual([]);
  });

  test("makes the targets where the suite has none", async () => {
    const { checks } = await read(
      `name: web\nmatrix: { target_host: [a.example, b.example], target_port: ["\${PORT}", 587] }\nchecks: [{ probe: network.smtp@2 }]\n`,
      {
        PORT: "25",
      },
    );
    expect(checks.map(({ title, input }) => [title, input])).toEqual([
      ["a.example/25 network.smtp@2", { target_host: "a.example", target_port: 25 }],
      ["a.example/587 network.smtp@2", { target_host: "a.example", target_port: 587 }],
      ["b.example/25 network.smtp@2", { target_host: "b.example", target_port: 25 }],
      ["b.example/587 network.smtp@2", { target_host: "b.example", target_port: 587 }],
    ]);
  });

  test.each([
    ["matrix: { target_port: [25, 70000] }", "2:29: target_port: must be a whole number from 1 to 65535, not 70000"],
    ["matrix:\n  port:\n    smtp: { target_prot: 25 }", "4:13: target_prot: there is no such field"],
    ["matrix: { target_port: [] }", "2:24: matrix.target_port: must have at least 1"],
    ["matrix: { target_port: [[25]] }", "2:25: matrix.target_port.0: must be"],
    ["matrix: { target_port: [25, 25] }", "2:24: matrix.target_port: "],
    ["matrix: { target_port: 25 }", "2:24: matrix.target_port: must be an object"],
    ["matrix: { a: { x: {} }, b: { x: {} } }\ntargets: { mx: { target_host: localhost }, my: 1 }", "3:48: targets.my: must be an object"],
    [
      `matrix: { ${["a", "b", "c"].map((axis) => `${axis}: { ${Array.from({ length: 11 }, (_, index) => `v${index}: {}`).join(", ")} }`).join(", ")} }`,
      "2:1: the matrix makes 1331 targets",
    ],
    ["matrix: { target_port: [25, 587] }\ntargets: { mx: { target_host: localhost } }", 'there is no target "26"', "targets: ['26']"],
  ])("%s is reported where it is written", async (fields, problem, check = "") => {
    const suite = `name: wrong\n${fields}\nchecks: [{ probe: network.smtp@2, input: { target_host: localhost }${check === "" ? "" : `, ${check}`} }]\n`;
    expect((await problems(suite)).join("\n")).toContain(problem);
  });

  test("that would make a huge number of targets is refused before it is multiplied", async () => {
    const axis = `{ ${Array.from({ length: 999 }, (_, index) => `v${index}: {}`).join(", ")} }`;
    const matrix = Array.from({ length: 8 }, (_, index) => `  a${index}: ${axis}`).join("\n");
    expect(await problems(`name: large\nmatrix:\n${matrix}\nchecks: [{ probe: network.smtp@2 }]\n`)).toEqual([
      expect.stringMatching(/^2:1: the matrix makes \d/),
    ]);
  });
});
