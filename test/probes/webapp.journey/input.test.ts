import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readRecording } from "../../../probes/webapp.journey/recording.js";
import { findBrowser } from "../../../runner/browser/find-browser.js";
import { type Input, walk } from "./journey.js";

const URL_ = "http://127.0.0.1:1/";

describe("an input that cannot work is refused, and nothing is started", () => {
  test.each<[what: string, input: Input, pointers: string[]]>([
    ["neither a URL nor steps", {}, ["/url"]],
    ["steps that begin without a page", { steps: [{ click: "#a" }] }, ["/url"]],
    ["a step without an action, and one with two", { url: URL_, steps: [{ name: "x" }, { click: "#a", hover: "#b" }] }, ["/steps/0", "/steps/1"]],
    ["wait_until without goto", { url: URL_, steps: [{ click: "#a", wait_until: "load" }] }, ["/steps/0/wait_until"]],
    ["text without a selector", { url: URL_, steps: [{ expect: { text: "x" } }] }, ["/steps/0/expect/selector"]],
    ["a selector alone", { url: URL_, steps: [{ expect: { selector: "#a" } }] }, ["/steps/0/expect"]],
    ["a recording beside steps", { steps: [{ goto: URL_ }], recording: { steps: [{ type: "navigate", url: URL_ }] } }, ["/steps"]],
    ["values without a recording", { url: URL_, recording_values: [{ step: 0, value: "x" }] }, ["/recording_values"]],
    ["a recording without steps", { recording: { steps: "many" } }, ["/recording/steps"]],
    [
      "JavaScript, files and unknown steps in a recording: all at once",
      {
        recording: {
          steps: [
            { type: "navigate", url: "file:///etc/passwd" },
            { type: "waitForExpression", expression: "process.exit()" },
            { type: "customStep", name: "x", parameters: {} },
            { type: "emulateNetworkConditions" },
            { type: "click", selectors: [] },
            { type: "change", selectors: [["#a"]], value: 7 },
            { type: "keyDown", key: "a b" },
          ],
        },
      },
      [
        "/recording/steps/0/url",
        "/recording/steps/1/type",
        "/recording/steps/2/type",
        "/recording/steps/3/type",
        "/recording/steps/4/selectors",
        "/recording/steps/5/value",
        "/recording/steps/6/key",
      ],
    ],
  ])("%s", async (_, input, pointers) => {
    const error = await walk(input).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "invalid_input" });
    expect((error as { violations: { pointer: string }[] }).violations.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  test.each(["file:///etc/passwd", "javascript:alert(1)", "chrome://crash", "data:text/html,x"])("%s is no page to open", async (url) => {
    await expect(walk({ url })).rejects.toMatchObject({ code: "invalid_input" });
    await expect(walk({ steps: [{ goto: url }] })).rejects.toMatchObject({ code: "invalid_input" });
  });
});

describe("a recording", () => {
  // Written from the formats of selectors in the documentation of @puppeteer/replay.
  test.each<[selectors: unknown, selector: string | null]>([
    [[["aria/Sign in"], ["#go"], ["xpath///a"]], "#go"],
    [[["aria/Sign in"], ["xpath///html/body/a"]], "xpath=//html/body/a"],
    [[['aria/Sign in[role="button"]']], 'role=button[name="Sign in"]'],
    [[["aria/Sign in"]], 'text="Sign in"'],
    [[['text/Say "hi"']], 'text="Say \\"hi\\""'],
    [[["pierce/#inner"], ["xpath///b"]], "#inner"],
    [[["#host", "#inner"]], "#host >> #inner"],
    ["#orders", null],
    [["#orders"], "#orders"],
    [[[7], [[]], [null]], null],
    [[], null],
  ])("%j becomes %j", (selectors, selector) => {
    const { steps, violations } = readRecording({ steps: [{ type: "click", selectors }] }, []);
    expect(steps.map(({ click }) => click)).toEqual(selector === null ? [] : [selector]);
    expect(violations).toHaveLength(selector === null ? 1 : 0);
  });

  test("gives steps, the size of the page and the values that replace recorded ones", () => {
    const recording = JSON.parse(
      readFileSync(new URL("../../../fixtures/webapp.journey/recording.json", import.meta.url), "utf8").replaceAll("SITE", "http://127.0.0.1"),
    );
    expect(readRecording(recording, [{ step: 5, value: "mine" }])).toEqual({
      viewport: { width: 1024, height: 700 },
      violations: [],
      steps: [
        { goto: "http://127.0.0.1/" },
        { click: "body > p > a" },
        { click: "#user" },
        { fill: { selector: "#user", value: "ann" } },
        { fill: { selector: "#password", value: "mine" } },
        { click: "xpath=//html/body/form/p[2]/following::button" },
        { wait: { selector: "#orders", state: "visible" }, step_timeout_ms: 5000 },
      ],
    });
  });
});

describe("what is missing is said, with how to get it", () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-find-"));
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  test("a browser", async () => {
    expect(() => findBrowser({ PATH: folder })).toThrow(/a browser \(chromium or google-chrome\) is not installed: apt-get install chromium/);
    process.env.PATH = folder;
    await expect(walk({ url: URL_ })).rejects.toThrow(/is not installed: apt-get install chromium/);
  });

  test("the browser that the environment names", () => {
    expect(() => findBrowser({ PROBE_RUN_BROWSER: join(folder, "nothing") })).toThrow(/PROBE_RUN_BROWSER/);
    writeFileSync(join(folder, "chromium"), "#!/bin/sh\n");
    chmodSync(join(folder, "chromium"), 0o755);
    expect(findBrowser({ PROBE_RUN_BROWSER: join(folder, "chromium"), PATH: "" })).toBe(join(folder, "chromium"));
    expect(findBrowser({ PATH: `/nowhere:${folder}` })).toBe(join(folder, "chromium"));
  });

  test("a browser that does not start", async () => {
    writeFileSync(join(folder, "chromium"), "#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n");
    chmodSync(join(folder, "chromium"), 0o755);
    chmodSync(folder, 0o755);
    process.env.PATH = `${folder}:${path}`;
    await expect(walk({ url: URL_ })).rejects.toThrow(/did not start/);
    rmSync(folder, { recursive: true });
  }, 60_000);
});
