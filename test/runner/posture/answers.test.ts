import { expect, test } from "vitest";
import { answersOf } from "../../../runner/posture/answers.js";
import { check } from "../../../runner/posture/check.js";

const rule = (id: string) => ({ id, area: "receiving", spec: null }) as const;
const BASE = [check(rule("mx.record"), "pass", "mail hosts"), check(rule("tls.starttls"), "pass", "STARTTLS")];

test("where it is not known whether a policy requires TLS, it is not known whether mail can be read", () => {
  const receiving = (verdict: "unknown" | "pass" | "warning") =>
    answersOf({ profile: "both" }, [...BASE, check(rule("tls.required"), verdict, "the policy")]).find(({ area }) => area === "receiving");
  expect(receiving("unknown")).toMatchObject({ answer: "unknown", message: "the policy" });
  expect(receiving("warning")).toMatchObject({ answer: "partly" });
  expect(receiving("pass")).toMatchObject({ answer: "protected" });
});
