import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nagios, nagiosUnknown } from "../../../runner/formats/nagios.js";
import type { RunResult } from "../../../runner/formats/run-result.js";
import { anyCharacter } from "../../support/any-character.js";
import { broken, failed, HOSTILE, rendered, result, setting, step, warned } from "./results.js";

const one = (each: RunResult): { text: string; code: number } => {
  const renderer = nagios(setting(false));
  const text = rendered(renderer, [each]);
  return { text, code: renderer.exitCode?.() as number };
};

describe("one run", () => {
  test("that is ok: its operations as performance data", () => {
    const { text, code } = one(result());
    expect(code).toBe(0);
    expect(text).toBe(
      "NETWORK.SMTP OK - mx.example.org:25: ok in 100.3 ms | 'time'=0.10025s;;;0 'connect'=0.025s;;;0 'greeting'=0.025s;;;0 'EHLO'=0.00001s;;;0\n",
    );
  });

  test("with a warning: 1, and its findings as long text", () => {
    const { text, code } = one(warned("NOOP took 4 s"));
    expect(code).toBe(1);
    const [first, second] = text.split("\n");
    expect(first).toMatch(/^NETWORK\.SMTP WARNING - mx\.example\.org:25: NOOP took 4 s in 100\.3 ms \| /);
    expect(second).toBe("warning: slow_response: NOOP took 4 s");
  });

  test("that failed: 2, with the reason", () => {
    const { text, code } = one(failed("connect", "refused", "connection refused"));
    expect(code).toBe(2);
    expect(text).toMatch(/^NETWORK\.SMTP CRITICAL - mx\.example\.org:25: connect: refused: connection refused in 100\.3 ms \| /);
  });

  test("that was cancelled or could not be made: 3", () => {
    expect(one(failed("probe", "cancelled", "the run was cancelled")).code).toBe(3);
    const { text, code } = one(broken("ping is not installed"));
    expect({ text, code }).toEqual({ text: "NETWORK.SMTP UNKNOWN - mx.example.org:25: ping is not installed\n", code: 3 });
  });

  test("an operation that never ended has the value U; a second one of a name another label", () => {
    const { text } = one(result({ operations: [step("EHLO", 0, 1), step("EHLO", 1, null)] }));
    expect(text).toContain("'EHLO'=0.001s;;;0 'EHLO#2'=U;;;0\n");
  });

  test("labels and text hold nothing that ends them", () => {
    const { text } = one(result({ status: "error", failure: { phase: "data", code: "reset", message: HOSTILE }, operations: [step("it's a=b|c", 0, 1)] }));
    expect(text.split("|")).toHaveLength(2);
    expect(text).toContain("a\\x7cb\\r\\n::error::x\\nnot ok 9");
    expect(text).toContain("'it''s a_b_c'=0.001s;;;0");
  });
});

describe("a list is one service", () => {
  const list = (results: readonly RunResult[]): { text: string; code: number } => {
    const renderer = nagios(setting(true));
    return { text: rendered(renderer, results), code: renderer.exitCode?.() as number };
  };

  test("the worst run counts, and each that is not ok has its line", () => {
    const { text, code } = list([result(), failed("connect", "refused", "connection refused"), warned("slow"), broken("a bug")]);
    expect(code).toBe(2);
    expect(text.split("\n")).toEqual([
      "PROBE-RUN CRITICAL - 1 of 4 ok | 'ok'=1;;;0;4 'warning'=1;;;0;4 'critical'=1;;;0;4 'unknown'=1;;;0;4",
      "CRITICAL: mx.example.org:25: connect: refused: connection refused in 100.3 ms",
      "WARNING: mx.example.org:25: slow in 100.3 ms",
      "UNKNOWN: mx.example.org:25: a bug",
      "",
    ]);
  });

  test("unknown is worse than ok and better than a warning", () => {
    expect(list([result(), broken("x")]).code).toBe(3);
    expect(list([warned("x"), broken("x")]).code).toBe(1);
  });
});

test("a refused request is UNKNOWN", () => {
  expect(nagiosUnknown("there is no probe called |x\n")).toEqual({ text: "PROBE-RUN UNKNOWN - there is no probe called \\x7cx\\n\n", code: 3 });
});

/** The grammar of the guidelines, read as a scheduler does. */
const PERFDATA = /^'(?:[^'=|]|'')+'=(?:U|\d+(?:\.\d+)?(?:s|ms|us|%|B|KB|MB|GB|TB|c)?)(?:;[\d.:~@]*(?:;[\d.:~@]*(?:;-?[\d.]*(?:;-?[\d.]*)?)?)?)?$/;

test("whatever a server said: a first line, one `|`, performance data by the grammar, 4 kB at most", () => {
  const text = fc.oneof(fc.string({ unit: anyCharacter, maxLength: 3000 }), fc.constant(HOSTILE), fc.string({ maxLength: 80 }));
  const operation = fc.record({ name: text, duration: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true })) });
  fc.assert(
    fc.property(text, fc.array(operation, { maxLength: 150 }), fc.array(text, { maxLength: 20 }), (message, operations, judged) => {
      const findings = judged.map((each) => ({ severity: "error", reason: "x", message: each, expected: null, actual: null }));
      const steps = operations.map(({ name, duration }) => step(`n${name}`, 0, duration));
      const { text: output } = one(result({ status: "error", failure: { phase: "data", code: "reset", message }, operations: steps, findings }));
      expect(Buffer.byteLength(output)).toBeLessThanOrEqual(4096);
      expect(output.split("|")).toHaveLength(2);
      const data = (output.split("\n")[0] as string).split("| ")[1] ?? "";
      for (const item of data.split(/ (?='(?:[^'=|]|'')+'=)/)) expect(item).toMatch(PERFDATA);
    }),
    { numRuns: 200 },
  );
});
