import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { BROWSER_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput } from "../../schemas/network.js";
import { textOrSecret } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";

const selector = (description: string) => ({ type: "string", minLength: 1, maxLength: 2048, description }) as const;
const most = (description: string) => ({ type: "number", exclusiveMinimum: 0, maximum: 3_600_000, description }) as const;
const count = (description: string) => ({ type: "integer", minimum: 0, maximum: 1_000_000_000, description }) as const;
const url = { type: "string", format: "http-url", maxLength: 8192 } as const;

const SELECTOR_WORDS = 'a CSS selector, text=Sign in, role=button[name="Sign in"], or xpath=//button. The first element that it finds counts.';

const step = {
  type: "object",
  properties: {
    name: { type: "string", format: "one-line", minLength: 1, maxLength: 64, description: "What the step is called in the output." },
    goto: { ...url, description: "Opens a URL." },
    wait_until: { enum: ["commit", "domcontentloaded", "load"], description: "For goto: the moment that it waits for. By default load." },
    click: selector(`Clicks an element: ${SELECTOR_WORDS}`),
    double_click: selector("Clicks an element twice."),
    hover: selector("Moves the pointer over an element."),
    fill: {
      type: "object",
      properties: {
        selector: selector("The field, or a list of options."),
        value: textOrSecret(
          { type: "string", maxLength: 65_536 },
          "Its text, or a reference to it. What a reference leads to is shown in no output and no file.",
        ),
      },
      required: ["selector", "value"],
      additionalProperties: false,
      description: "Fills in a field, or chooses an option.",
    },
    press: {
      type: "object",
      properties: {
        key: { type: "string", pattern: "^[A-Za-z0-9+]{1,40}$", description: "The key: Enter, Tab, Control+a." },
        selector: selector("The element that gets it. Without one, the element that has the focus."),
      },
      required: ["key"],
      additionalProperties: false,
      description: "Presses a key.",
    },
    wait: {
      type: "object",
      properties: {
        selector: selector("Waits for an element."),
        state: { enum: ["attached", "detached", "visible", "hidden"], default: "visible", description: "What the element has to be." },
        url: expectedValue("Waits until the page's URL is this."),
        wait_ms: { type: "integer", minimum: 1, maximum: 600_000, description: "Waits for a time." },
      },
      minProperties: 1,
      additionalProperties: false,
      description: "Waits for one or more of these, in this order.",
    },
    expect: {
      type: "object",
      properties: {
        selector: selector("The element that text, value, visible and count are about."),
        text: expectedValue("The element's text."),
        value: expectedValue("The value of a field."),
        visible: { type: "boolean", description: "Whether the element can be seen." },
        count: expectedValue("How many elements the selector finds."),
        title: expectedValue("The title of the page."),
        url: expectedValue("The URL of the page."),
        status: expectedValue("The status code of the last goto."),
      },
      minProperties: 1,
      additionalProperties: false,
      description: "What the page has to show. It is asked again until it does, or the step's time is up.",
    },
    screenshot: {
      type: "object",
      properties: { full_page: { type: "boolean", default: false, description: "The whole page, and not only what is in view." } },
      additionalProperties: false,
      description: "Takes a picture, with --artifacts. Fields that were filled with secrets are painted over.",
    },
    step_timeout_ms: { type: "integer", minimum: 1, maximum: 600_000, description: "For this step, in place of the input's." },
  },
  additionalProperties: false,
} as const;

const expectations = {
  type: "object",
  properties: {
    status: expectedValue("The status code of every goto. Without it, 400 and above is an error."),
    max_first_byte_ms: most("Each document begins to arrive no later."),
    max_load_ms: most("Each document is loaded no later."),
    max_largest_contentful_paint_ms: most("The largest element of each document is painted no later. 2500 is good."),
    max_cumulative_layout_shift: { type: "number", minimum: 0, maximum: 1000, description: "No document moves more. 0.1 is good." },
    max_interaction_to_next_paint_ms: most("Each interaction is painted no later. 200 is good."),
    max_duration_ms: most("All steps together take no longer."),
    max_requests: count("No more requests."),
    max_received_bytes: count("No more bytes are received."),
    max_console_errors: count("No more errors on the console, and exceptions that nothing caught."),
    max_failed_requests: count("No more requests fail."),
    max_third_party_hosts: count("No more hosts of others."),
  },
  additionalProperties: false,
} as const;

const size = (value: number) => ({ type: "integer", minimum: 100, maximum: 4000, default: value }) as const;

const input = contract({
  title: "webapp.journey 1.0.0 input",
  type: "object",
  examples: [{ url: "http://127.0.0.1/" }],
  properties: {
    url: { ...url, description: "The page to open: the same as a first step with goto." },
    steps: {
      type: "array",
      maxItems: 100,
      items: step,
      default: [],
      description: "What to do, one after the other. After a step that fails, no other is done.",
    },
    recording: {
      type: "object",
      description: "A recording of Chrome's Recorder panel, as its JSON export, in place of steps. It is read as data: a step with JavaScript is refused.",
    },
    recording_values: {
      type: "array",
      maxItems: 100,
      default: [],
      items: {
        type: "object",
        properties: {
          step: { type: "integer", minimum: 0, maximum: 1000, description: "The index of the recording's step, from 0." },
          value: textOrSecret({ type: "string", maxLength: 65_536 }, "What it fills in, or a reference to it."),
        },
        required: ["step", "value"],
        additionalProperties: false,
      },
      description: "Values for steps of the recording, in place of the recorded ones: a recorded password stands in the clear.",
    },
    allowed_hosts: {
      type: "array",
      maxItems: 100,
      items: { type: "string", pattern: "^(\\*\\.)?[A-Za-z0-9._:-]{1,253}$" },
      description: "The only hosts that pages may load from, beside those that the input names. *.example.org stands for all below it. Without it: all.",
    },
    allow_private: {
      type: "boolean",
      default: false,
      description: "Hosts that the input does not name may have addresses that are not public.",
    },
    viewport: {
      type: "object",
      properties: {
        width: { ...size(1280), description: "In pixels." },
        height: { ...size(800), description: "In pixels." },
      },
      additionalProperties: false,
      default: {},
      description: "The size of the page.",
    },
    locale: { type: "string", pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", default: "en-US", description: "The language that is asked for." },
    ignore_certificates: { type: "boolean", default: false, description: "Opens pages whose certificates are not trusted." },
    settle_ms: {
      type: "integer",
      minimum: 0,
      maximum: 60_000,
      default: 500,
      description: "How long the page is watched after the last step, for late paints and requests.",
    },
    screenshot_on_failure: { type: "boolean", default: true, description: "With --artifacts: takes a picture when a step fails." },
    max_received_bytes: {
      type: "integer",
      minimum: 1000,
      maximum: 10_000_000_000,
      default: 100_000_000,
      description: "The journey ends when its pages have received more.",
    },
    max_memory_bytes: {
      type: "integer",
      minimum: 100_000_000,
      maximum: 64_000_000_000,
      default: 1_500_000_000,
      description: "The journey ends when the browser takes more. On Linux only.",
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    connect_timeout_ms: networkInput.connect_timeout_ms,
    step_timeout_ms: { type: "integer", minimum: 1, maximum: 600_000, default: 10_000, description: "Timeout for each step." },
    timeout_ms: { ...networkInput.timeout_ms, default: 60_000 },
  },
  required: [],
  additionalProperties: false,
});

const milliseconds = (description: string) => nullable({ type: "number" }, description);

const documentSchema = record({
  url: { type: "string" },
  step: nullable({ type: "integer" }, "The index of the step after which it was there."),
  first_byte_ms: milliseconds("When its first byte arrived, since its navigation began; null where it did not."),
  dom_interactive_ms: milliseconds("When it was parsed."),
  dom_content_loaded_ms: milliseconds("When the event DOMContentLoaded had ended."),
  load_ms: milliseconds("When the event load had ended."),
  first_contentful_paint_ms: milliseconds("The first paint with content."),
  largest_contentful_paint_ms: milliseconds("The paint of the largest element (LCP)."),
  cumulative_layout_shift: nullable({ type: "number" }, "How much the layout moved unexpectedly (CLS); null if nothing was painted."),
  interaction_to_next_paint_ms: milliseconds("The longest interaction until its next paint (INP); null without an interaction."),
});

const requestSchema = record({
  url: { type: "string" },
  method: { type: "string" },
  resource_type: { type: "string", description: "document, script, image …" },
  at_ms: { type: "number", description: "When it began, since the run began." },
  duration_ms: milliseconds("Null: it had not ended."),
  connect_ms: milliseconds("Connecting, with TLS; null if a connection was there already."),
  tls_ms: milliseconds("The TLS handshake."),
  wait_ms: milliseconds("From the request to the first byte."),
  receive_ms: milliseconds("From the first byte to the last."),
  status: nullable({ type: "integer" }, "The status code."),
  received_bytes: nullable({ type: "integer" }, "Of the response as sent, header and body."),
  third_party: { type: "boolean", description: "Its host is neither the host of the journey nor below it." },
  error: nullable({ type: "string" }, "Why it failed, in the browser's words."),
});

const output = contract({
  title: "webapp.journey 1.0.0 output",
  ...outputOf(
    {
      url: nullable({ type: "string" }, "The first URL."),
      final_url: nullable({ type: "string" }, "The URL of the page at the end."),
      browser: nullable({ type: "string" }, "The browser and its version."),
      steps: list(
        record({
          name: { type: "string" },
          action: { enum: ["goto", "click", "double_click", "hover", "fill", "press", "wait", "expect", "screenshot"] },
          outcome: { enum: ["passed", "failed", "not_reached"] },
          at_ms: milliseconds("When it began, since the run began."),
          duration_ms: milliseconds("Null if it was not reached."),
          status: nullable({ type: "integer" }, "For goto: the status code."),
          message: nullable({ type: "string" }, "Why it failed."),
          screenshot: nullable({ type: "string" }, "The name of its picture in the folder of --artifacts."),
        }),
        "Every step of the input, in order.",
      ),
      documents: list(documentSchema, "Every document that a step left the page at, with what was measured until the last step that saw it."),
      console_errors: list(
        record({
          kind: { enum: ["console", "exception"], description: "exception: one that nothing caught." },
          text: { type: "string" },
          url: nullable({ type: "string" }),
          line: nullable({ type: "integer" }),
        }),
        "The first 50.",
      ),
      console_error_count: { type: "integer" },
      failed_requests: list(record({ url: { type: "string" }, resource_type: { type: "string" }, error: { type: "string" } }), "The first 50."),
      failed_request_count: { type: "integer" },
      third_parties: list(
        record({ host: { type: "string" }, requests: { type: "integer" }, received_bytes: { type: "integer" } }),
        "Hosts of others, the first 100 by bytes.",
      ),
      request_count: { type: "integer" },
      received_bytes: { type: "integer", description: "Over all connections, as it arrived from the network." },
      sent_bytes: { type: "integer" },
      waterfall: list(requestSchema, "The first 200 requests, in the order in which they began."),
      dialogs: list(
        record({ type: { type: "string" }, message: { type: "string" } }),
        "Dialogs of pages, the first 50. They were declined, but for leaving a page.",
      ),
      downloads: list({ type: "string" }, "URLs of downloads, the first 50. None was stored."),
      popup_count: { type: "integer", description: "Windows that pages opened. They were closed." },
      har: nullable({ type: "string" }, "The name of the HTTP Archive in the folder of --artifacts."),
      findings: list(findingSchema),
    },
    BROWSER_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Step = Input["steps"][number];
export type StepResult = Output["steps"][number];
export type Action = StepResult["action"];
export type Expectations = NonNullable<Input["expect"]>;
