import { describe, expect, test, vi } from "vitest";
import { defineProbe, olderVersion } from "../../../runner/harness/define-probe.js";
import { prepare } from "../../../runner/harness/registry.js";
import { type Report, type RunOptions, runLoaded } from "../../../runner/harness/run.js";
import { RequestError } from "../../../runner/support/request-error.js";
import { carriedProperties, outputOf } from "../../../schemas/carried.js";
import { contract, type FilledOf } from "../../../schemas/contract.js";
import { secretSchema } from "../../../schemas/secret.js";

/** What the harness does whatever the probe: a probe of the test's own that does as its input says. */
const newest = {
  input: contract({
    type: "object",
    properties: {
      does: { type: "string", default: "answer" },
      words: { type: "array", items: { type: "string" }, default: [] },
      hidden: secretSchema,
      timeout_ms: { type: "integer", minimum: 1, default: 5000 },
    },
    required: [],
    additionalProperties: false,
  }),
  output: contract(outputOf({ said: { type: "string" } })),
};
type Input = FilledOf<typeof newest.input>;

const old = {
  input: contract({ type: "object", properties: { word: { type: "string" } }, required: ["word"], additionalProperties: false }),
  output: contract({ type: "object", properties: { answer: { type: "string", maxLength: 10 } }, required: ["answer"], additionalProperties: false }),
};
const converters = {
  upgradeInput: ({ word }: { word: string }): Input => ({ does: "answer", words: [word], timeout_ms: 5000 }),
  downgradeOutput: ({ said }: { said: string }): { answer: string } => ({ answer: said }),
};

const seen: Input[] = [];

const probe = await prepare(
  defineProbe({
    name: "test.harness",
    summary: "Does what its input says.",
    version: "10.0.0",
    needs: ["clock"],
    ...newest,
    checkInput: ({ hidden }) => (hidden === "wrong" ? [{ pointer: "/hidden", message: "must be right", hint: null }] : []),
    older: { "9.0.0": olderVersion(old, newest, converters), "9.10.0": olderVersion(old, newest, converters), "9.9.0": olderVersion(old, newest, converters) },
    run,
  }),
);

async function run(input: Input, ctx: { readonly signal: AbortSignal }) {
  seen.push(input);
  const evidence = { status: "ok" as const, failure: null, said: input.words.join(" ") };
  const acts: Readonly<Record<string, () => unknown>> = {
    answer: () => evidence,
    throw: () => {
      throw new TypeError("a bug of the probe");
    },
    never: () => new Promise(() => {}),
    listen: () => new Promise((resolve) => ctx.signal.addEventListener("abort", () => resolve(evidence))),
    "break its contract": () => ({ ...evidence, said: 3, more: true }),
    "reach for sockets": () => (ctx as unknown as { tcp: { connect(): unknown } }).tcp.connect(),
  };
  return acts[input.does]?.() as typeof evidence;
}

function ask(input: unknown, options: RunOptions = {}, version: string | null = null): Promise<Report> {
  return runLoaded(probe, { name: "test.harness", version }, input, options);
}

describe("an input", () => {
  test("is filled in for the probe and left as it is for its caller", async () => {
    const input = { words: ["a"] };
    await ask(input);
    expect(input).toEqual({ words: ["a"] });
    expect(seen.at(-1)).toEqual({ does: "answer", words: ["a"], timeout_ms: 5000 });
    expect(seen.at(-1)?.words).not.toBe(input.words);
  });

  test("with a __proto__ has a field that there is not", async () => {
    const before = seen.length;
    const error = await ask(JSON.parse('{"__proto__": {"does": "throw"}}')).catch((reason: unknown) => reason);
    expect((error as RequestError).violations).toMatchObject([{ pointer: "/__proto__", message: "there is no such field" }]);
    expect(seen.length).toBe(before);
  });
});

describe("an input that the probe itself refuses", () => {
  const refusal = {
    code: "invalid_input",
    message: "the input does not fit test.harness@10.0.0: /hidden must be right",
    summary: "the input does not fit test.harness@10.0.0",
    violations: [{ pointer: "/hidden" }],
  };

  test("is refused before the run", async () => {
    const before = seen.length;
    await expect(ask({ hidden: "wrong" })).rejects.toMatchObject(refusal);
    expect(seen.length).toBe(before);
  });

  test("is refused once its references are resolved", async () => {
    const before = seen.length;
    vi.stubEnv("RUN_TEST_HIDDEN", "wrong");
    await expect(ask({ hidden: { secret: "env:RUN_TEST_HIDDEN" } })).rejects.toMatchObject(refusal);
    vi.stubEnv("RUN_TEST_HIDDEN", "right");
    await expect(ask({ hidden: { secret: "env:RUN_TEST_HIDDEN" } })).resolves.toMatchObject({ version: "10.0.0" });
    vi.unstubAllEnvs();
    expect(seen.length).toBe(before + 1);
  });
});

describe("a version", () => {
  test.each<[asked: string | null, input: object, ran: string]>([
    [null, {}, "10.0.0"],
    [null, { word: "x" }, "9.10.0"],
    ["9", { word: "x" }, "9.10.0"],
    ["9.9.0", { word: "x" }, "9.9.0"],
    ["10", { words: ["x"] }, "10.0.0"],
  ])("asked as %s with %j is %s", async (asked, input, ran) => {
    const { version, envelope } = await ask(input, {}, asked);
    expect(version).toBe(ran);
    expect(Object.keys(envelope.output as object)).toEqual(ran === "10.0.0" ? [...Object.keys(carriedProperties), "said"] : ["answer"]);
  });

  test("if none accepts the input, the newest reports why", async () => {
    await expect(ask({ wrod: "x" })).rejects.toMatchObject({ summary: "the input does not fit test.harness@10.0.0" });
    await expect(ask({ wrod: "x" }, {}, "9")).rejects.toMatchObject({ summary: "the input does not fit test.harness@9.10.0" });
  });

  test.each(["1", "10.0.1", "9.1"])("%s is not served", async (asked) => {
    await expect(ask({}, {}, asked)).rejects.toMatchObject({ code: "unknown_version" });
  });
});

describe("a bug of a probe is thrown, and is no wrong request", () => {
  test.each<[does: string, message: RegExp]>([
    ["give nothing", /^test\.harness gave undefined and no evidence: run\(\) must return an object$/],
    ["throw", /^a bug of the probe$/],
    [
      "break its contract",
      /^test\.harness@10\.0\.0 gave an output that its own contract refuses: \/more there is no such field; \/said must be a string, not 3$/,
    ],
    ["reach for sockets", /^there is no ctx\.tcp: list "tcp" in the probe's needs$/],
  ])("%s", async (does, message) => {
    const error = await ask({ does }).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(RequestError);
    expect((error as Error).message).toMatch(message);
  });

  test("an older contract that the converted output breaks", async () => {
    await expect(ask({ word: "too long a word" })).rejects.toThrow(
      "test.harness@9.10.0 gave an output that its own contract refuses: /answer must have at most 10",
    );
  });
});

describe("the deadline", () => {
  test("is the caller's before the input's", async () => {
    const began = performance.now();
    await ask({ does: "listen" }, { timeoutMs: 50 });
    expect(performance.now() - began).toBeLessThan(3000);
  });

  test("is the input's where the caller has none", async () => {
    const began = performance.now();
    await ask({ does: "listen", timeout_ms: 50 });
    expect(performance.now() - began).toBeLessThan(3000);
  });

  test("ends a probe that does not listen a while later, as a bug", async () => {
    await expect(ask({ does: "never" }, { timeoutMs: 50 })).rejects.toThrow(
      "test.harness did not end within 2000 ms after its deadline: it must listen to ctx.signal",
    );
  });

  test("ends it also when its caller did, a while later", async () => {
    await expect(ask({ does: "never" }, { signal: AbortSignal.timeout(50) })).rejects.toThrow("did not end within 2000 ms");
  });
});
