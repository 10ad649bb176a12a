import { expect, test } from "vitest";
import { type Capability, parseCapabilities } from "../../../../runner/net/smtp/capabilities.js";

const offer = (...lines: string[]): Capability[] => parseCapabilities({ code: 250, lines: ["mx.example.org greets you", ...lines] });

test("the same lines give equal capabilities, and each caller its own", () => {
  const first = offer("SIZE 1000", "AUTH PLAIN LOGIN");
  first[0]?.parameters.push("spoilt");
  (first[1] as Capability).keyword = "SPOILT";
  expect(offer("SIZE 1000", "AUTH PLAIN LOGIN")).toEqual([
    { keyword: "SIZE", parameters: ["1000"] },
    { keyword: "AUTH", parameters: ["PLAIN", "LOGIN"] },
  ]);
});

test("odd spellings are read the same the second time", () => {
  for (let time = 0; time < 2; time++) {
    expect(offer("  size   1000\t2 ", "AUTH=LOGIN", "AUTH=", "", "héllo wörld")).toEqual([
      { keyword: "SIZE", parameters: ["1000", "2"] },
      { keyword: "AUTH", parameters: ["LOGIN"] },
      { keyword: "AUTH", parameters: [] },
      { keyword: "HÉLLO", parameters: ["wörld"] },
    ]);
  }
});

test("more lines than are remembered, and longer ones, are read all the same", () => {
  for (let number = 0; number < 1000; number++) expect(offer(`X-${number} ${number}`)).toEqual([{ keyword: `X-${number}`, parameters: [String(number)] }]);
  const long = "x".repeat(500);
  expect(offer(`XLONG ${long}`)).toEqual([{ keyword: "XLONG", parameters: [long] }]);
});
