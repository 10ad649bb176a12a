import { describe, expect, test } from "vitest";
import { realServer } from "../support/real-servers.js";
import { namesInBrowser, testLabSecrets } from "./labs.js";

const names = await namesInBrowser();

test("a probe needs a browser", () => {
  expect(names).toContain("webapp.journey");
});

realServer("labs in a browser", ["chromium"], () => {
  describe.each(names)("%s", testLabSecrets);
});
