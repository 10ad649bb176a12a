import { expect, test } from "vitest";
import { namesInBrowser } from "../../conformance/labs.js";
import { diallingProbes, testDenied } from "./denied-targets.js";

const dialling = await diallingProbes();
const inBrowser = await namesInBrowser();

test("most probes name what to connect to", () => {
  expect(dialling.length).toBeGreaterThan(20);
});

// A browser takes long to start: denied-in-browser.test.ts has the others.
testDenied(dialling.filter(({ name }) => !inBrowser.includes(name)));
