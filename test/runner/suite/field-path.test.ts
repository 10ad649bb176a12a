import { describe, expect, test } from "vitest";
import { impossibleValue, parseFieldPath, unknownField, valueAt } from "../../../runner/suite/field-path.js";
import { list, nullable, record } from "../../../schemas/shape.js";

const output = {
  tls: { certificate: { days_left: 20 } },
  operations: [
    { name: "connect", code: null },
    { name: "RCPT TO:<a.b>", code: 250 },
  ],
  capabilities: [{ keyword: "SIZE", parameters: ["1000"] }],
  "odd/name": { "~": 1 },
  banner: null,
};

describe("a field", () => {
  test.each<[written: string, value: unknown]>([
    ["tls.certificate.days_left", 20],
    ["/tls/certificate/days_left", 20],
    ["operations.0.name", "connect"],
    ["operations.connect.code", null],
    ["/operations/RCPT TO:<a.b>/code", 250],
    ["capabilities.SIZE.parameters.0", "1000"],
    ["/odd~1name/~0", 1],
    ["banner", null],
    ["banner.text", null],
    ["operations.NOOP.code", undefined],
    ["operations.7", undefined],
    ["constructor", undefined],
    ["tls.toString", undefined],
  ])("%s", (written, value) => {
    expect(valueAt(output, parseFieldPath(written))).toEqual(value);
  });
});

describe("a schema knows which values a field with a list of them can have", () => {
  const schema = record({
    starttls: nullable({ enum: ["secured", "refused"] }),
    phases: list(record({ name: { type: "string" }, kind: { enum: ["dns", "tcp"] } })),
    size: { anyOf: [{ enum: ["absent"] }, { type: "integer" }] },
  });

  test.each<[written: string, values: unknown[]]>([
    ["starttls", ["secured", null]],
    ["phases.connect.kind", ["tcp"]],
    ["phases.connect.name", ["anything"]],
    ["size", ["absent", 7, "any text"]],
    ["starttls", [{ some: "object" }]],
  ])("%s can be %j", (written, values) => {
    expect(impossibleValue(schema, parseFieldPath(written), values)).toBeNull();
  });

  test.each<[written: string, values: unknown[], message: string, hint: string]>([
    ["starttls", ["secure"], 'starttls is never "secure"', "did you mean secured?"],
    ["starttls", ["secured", true], "starttls is never true", "it is one of secured, refused"],
    ["phases.connect.kind", [null], "phases.connect.kind is never null", "it is one of dns, tcp"],
  ])("%s is never %j", (written, values, message, hint) => {
    expect(impossibleValue(schema, parseFieldPath(written), values)).toEqual({ message, hint });
  });
});

describe("a schema knows which fields there can be", () => {
  const schema = record({
    tls: nullable(record({ version: { type: "string" } })),
    operations: list(record({ name: { type: "string" }, code: nullable({ type: "integer" }) })),
    headers: { type: "object", additionalProperties: { type: "string" } },
    anything: {},
  });

  test.each(["tls", "tls.version", "operations", "operations.0.code", "operations.EHLO.code", "headers.X-Anything", "anything.at.all"])(
    "%s is one",
    (written) => {
      expect(unknownField(schema, parseFieldPath(written))).toBeNull();
    },
  );

  test.each<[written: string, message: string, hint: string]>([
    ["tsl", "the output has no field tsl", "did you mean tls?"],
    ["tls.cipher", "the output has no field tls.cipher", "the fields are: version"],
    ["operations.EHLO.kode", "the output has no field operations.EHLO.kode", "did you mean code?"],
    ["tls.version.major", "the output has no field tls.version.major", "there is nothing below it"],
    ["headers.a.b", "the output has no field headers.a.b", "there is nothing below it"],
  ])("%s is none", (written, message, hint) => {
    expect(unknownField(schema, parseFieldPath(written))).toEqual({ message, hint });
  });
});
