import { describe, expectTypeOf, test } from "vitest";
import type { InputOf, OutputOf, ProbeName } from "../../../runner/harness/probe-types.js";
import { expectProbe, probeTest } from "../../../runner/vitest/index.js";
import type { Carried, Status } from "../../../schemas/carried.js";

// Checked by tsc: what is written wrong here is marked as an error that is expected.
describe("a built-in probe's name", () => {
  test("is completed, with each version and each major", () => {
    expectTypeOf<"network.smtp" | "network.smtp@1" | "network.smtp@2" | "network.smtp@1.0.0" | "network.smtp@2.0.0">().toExtend<ProbeName>();
    expectTypeOf<"network.smtp@3">().not.toExtend<ProbeName>();
  });

  test("alone is typed as the newest version", () => {
    expectTypeOf<OutputOf<"network.smtp">>().toEqualTypeOf<OutputOf<"network.smtp@2.0.0">>();
    expectTypeOf<OutputOf<"network.smtp@2">>().toEqualTypeOf<OutputOf<"network.smtp@2.0.0">>();
    expectTypeOf<OutputOf<"network.smtp">["response_time_ms"]>().toEqualTypeOf<number | null>();
    expectTypeOf<OutputOf<"network.smtp">["status"]>().toEqualTypeOf<Status>();
  });

  test("with an older version is typed as that one", () => {
    expectTypeOf<OutputOf<"network.smtp@1">>().toEqualTypeOf<OutputOf<"network.smtp@1.0.0">>();
    expectTypeOf<OutputOf<"network.smtp@1">["target_port"]>().toEqualTypeOf<string>();
    expectTypeOf<InputOf<"network.smtp@1">["target_port"]>().toEqualTypeOf<string>();
  });

  test("leaves fields with a default to the caller", () => {
    expectTypeOf<{ target_host: string }>().toExtend<InputOf<"network.smtp">>();
    expectTypeOf<{ target_host: string; target_port: number; tls: { mode: "starttls" } }>().toExtend<InputOf<"network.smtp">>();
    expectTypeOf<{ target_port: number }>().not.toExtend<InputOf<"network.smtp">>();
    expectTypeOf<{ target_host: string; target_port: string }>().not.toExtend<InputOf<"network.smtp">>();
  });

  test("of an unknown probe has a general type", () => {
    expectTypeOf<InputOf<"./my-probe.js">>().toBeUnknown();
    expectTypeOf<OutputOf<string>>().toEqualTypeOf<Carried>();
  });
});

test("a version that is not served accepts no input", () => {
  expectTypeOf<InputOf<"network.smtp@9">>().toBeNever();
});

test("probeTest and expectProbe hold a test to them", () => {
  // Never called: only its types are looked at.
  const written = () => {
    probeTest("typed", "network.smtp", { target_host: "localhost" }, ({ output, queue }) => {
      expectTypeOf(output.response_time_ms).toEqualTypeOf<number | null>();
      expectTypeOf(queue).toEqualTypeOf(output);
    });
    probeTest("typed", "./my-probe.js", { whatever: 1 }, ({ output }) => expectTypeOf(output).toEqualTypeOf<Carried>());
    void expectProbe("./my-probe.js", { whatever: 1 }).toMatch({ status: "ok", ticks: 3 });
    // @ts-expect-error: the port is a number
    probeTest("typed", "network.smtp@2", { target_host: "localhost", target_port: "25" }, () => {});
    // @ts-expect-error: the host is missing
    expectProbe("network.smtp", {});
    // @ts-expect-error: there is no such field
    void expectProbe("network.smtp", { target_host: "localhost" }).toMatch({ baner: "x" });
    // @ts-expect-error: there is no such phase
    void expectProbe("network.smtp", { target_host: "localhost" }).toFailWith({ phase: "conect" });
    return expectProbe("network.smtp@1.0.0", { target_host: "localhost", target_port: "25", send_email_flag: "False" }).toBeOk();
  };
  expectTypeOf(written).returns.resolves.toEqualTypeOf<OutputOf<"network.smtp@1">>();
});
