import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { defineProbe } from "../../../runner/harness/define-probe.js";
import { needsResolving, referencePaths } from "../../../runner/harness/reference-paths.js";
import { prepare } from "../../../runner/harness/registry.js";
import { type Report, type RunOptions, runLoaded } from "../../../runner/harness/run.js";
import { runSecretCommand } from "../../../runner/harness/run-secret-command.js";
import { plainSecrets, referencesIn } from "../../../runner/queue/plain-secrets.js";
import { SecretKeeper } from "../../../runner/run/secret-keeper.js";
import { RequestError } from "../../../runner/support/request-error.js";
import { outputOf } from "../../../schemas/carried.js";
import { contract, type FilledOf } from "../../../schemas/contract.js";
import { orReference, resolved, secretName, secretSchema } from "../../../schemas/secret.js";

const input = contract({
  type: "object",
  properties: {
    account: orReference({ type: "string", minLength: 1, format: "one-line" }, "The user name, or a reference to it."),
    password: secretSchema,
    password_secret: secretName("Where the password is."),
    others: { type: "array", items: { type: "object", properties: { token: secretSchema }, required: ["token"], additionalProperties: false } },
  },
  required: ["account"],
  additionalProperties: false,
});
const output = contract(outputOf({ said: { type: "string" } }));
let runs = 0;

async function run(given: FilledOf<typeof input>) {
  runs++;
  return { status: "ok" as const, failure: null, said: `${resolved(given.account)} with ${resolved(given.password ?? given.password_secret ?? "nothing")}` };
}

const probe = await prepare(defineProbe({ name: "test.references", summary: "Says what it was given.", needs: [], version: "1.0.0", input, output, run }));

async function runOn(given: unknown): Promise<Report> {
  return runLoaded(probe, { name: "test.references", version: null }, given, {});
}

async function refusalOf(given: unknown): Promise<RequestError> {
  return runOn(given).then(
    () => expect.unreachable("the run was not refused"),
    (error: RequestError) => error,
  );
}

afterEach(() => {
  delete process.env.REFERENCES_TEST;
  runs = 0;
});

test("a schema says where references may stand, and which of them are secrets", () => {
  expect(referencePaths(input.schema)).toEqual([
    { steps: ["account"], isSecret: false },
    { steps: ["password"], isSecret: true },
    { steps: ["password_secret"], isSecret: true, isName: true },
    { steps: ["others", "*", "token"], isSecret: true },
  ]);
});

describe("a secret's name", () => {
  test.each(["REFERENCES_TEST", "references_test"])("%s is looked up in the environment, and what is found is a secret", async (name) => {
    process.env.REFERENCES_TEST = "hidden-word";
    const { envelope, carried } = await runOn({ account: "ada", password_secret: name });
    expect(carried).toMatchObject({ said: "ada with [secret]" });
    expect(JSON.stringify(envelope)).not.toContain("hidden-word");
  });

  test("is never used as the secret itself", async () => {
    const error = await refusalOf({ account: "ada", password_secret: "references_test" });
    expect(error.violations).toEqual([
      { pointer: "/password_secret", message: "env:references_test: there is no such environment variable", hint: expect.stringContaining("environment") },
    ]);
    expect(runs).toBe(0);
    // A password written there by mistake is not repeated in the error.
    expect(JSON.stringify((await refusalOf({ account: "ada", password_secret: "pass word!" })).violations)).not.toContain("word!");
  });

  test("may be stored with a job, and is one of the references that it asks for", () => {
    process.env.REFERENCES_TEST = "hidden-word";
    const given = { account: "ada", password_secret: "references_test" };
    expect(plainSecrets(probe, "1.0.0", given)).toEqual([]);
    expect(referencesIn(probe, "1.0.0", given)).toEqual(["env:REFERENCES_TEST"]);
  });
});

describe("what is not a secret", () => {
  test("is read from the environment and shown as any other text", async () => {
    process.env.REFERENCES_TEST = "probe";
    const { envelope } = await runOn({ account: { secret: "env:REFERENCES_TEST" }, password: "hunter2" });
    expect(envelope.output).toMatchObject({ said: "probe with [secret]" });
  });

  test("is read from a file, without its last line end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-references-"));
    try {
      writeFileSync(join(folder, "account"), "probe\n");
      expect((await runOn({ account: { secret: `file:${join(folder, "account")}` } })).envelope.output).toMatchObject({ said: "probe with nothing" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("may be written as it stands", async () => {
    expect((await runOn({ account: "probe" })).envelope.output).toMatchObject({ said: "probe with nothing" });
  });
});

test("a variable that is not set is named, and nothing runs", async () => {
  const error = await refusalOf({ account: { secret: "env:REFERENCES_TEST" } });
  expect(error).toBeInstanceOf(RequestError);
  expect(error.code).toBe("unresolved_secret");
  expect(error.violations).toEqual([
    { pointer: "/account", message: "env:REFERENCES_TEST: there is no such environment variable", hint: "set the environment variable, or name another" },
  ]);
  expect(runs).toBe(0);
});

test("everything that cannot be read is reported together", async () => {
  const reference = { secret: "env:REFERENCES_TEST" };
  const error = await refusalOf({ account: reference, password: reference, others: [{ token: "hunter2" }, { token: reference }] });
  expect(error.violations.map(({ pointer }) => pointer)).toEqual(["/account", "/password", "/others/1/token"]);
  expect(error.code).toBe("unresolved_secret");
  expect(runs).toBe(0);
});

describe("a secret of fewer than four characters", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("is refused as too short to mask, in any notation", async () => {
    vi.stubEnv("REFERENCES_TEST", "abc");
    for (const password of ["abc", "7", { secret: "env:REFERENCES_TEST" }]) {
      const error = await refusalOf({ account: "probe", password });
      expect(error.code).toBe("short_secret");
      expect(error.violations).toMatchObject([
        { pointer: "/password", message: expect.stringContaining("too short to protect"), hint: expect.stringContaining("--allow-short-secrets") },
      ]);
      expect(JSON.stringify(error)).not.toContain("abc");
    }
    expect(runs).toBe(0);
  });

  test("is accepted with the option for it, and damages nothing", async () => {
    vi.stubEnv("PROBE_RUN_ALLOW_SHORT_SECRETS", "1");
    const { output } = (await runOn({ account: "probe", password: "r" })).envelope;
    expect(output).toMatchObject({ said: "probe with r" });
    runs = 0;
  });

  test("a text that is no secret may be short", async () => {
    expect((await runOn({ account: "ab" })).envelope.output).toMatchObject({ said: "ab with nothing" });
    runs = 0;
  });
});

test.each([
  ["a program that fails", `${process.execPath} -e process.exitCode=3;console.error("hunter2")`, "it ended with 3"],
  ["a program that is killed", `${process.execPath} -e console.error("hunter2");process.kill(process.pid)`, "it was ended by SIGTERM"],
  ["a program that prints too much", `${process.execPath} -e console.log("hunter2".repeat(1e5))`, "it printed more than 64 KiB"],
  ["no program", "no-such-program", "ENOENT"],
])("the error of a command has its exit status, and not its output: %s", async (_what, command, reason) => {
  const error = await refusalOf({ account: "probe", password: { secret: `command:${command}` } });
  expect(error.violations).toEqual([
    { pointer: "/password", message: `command:${command}: ${reason}`, hint: "the command must print it and end with 0 within 10 seconds" },
  ]);
  expect(runs).toBe(0);
});

test("a command's words are its arguments, and what it prints is the secret", async () => {
  const command = `${process.execPath} -p process.argv[1]+process.argv[2] hunter 2;exit`;
  const { envelope } = await runOn({ account: "hunter2;exit", password: { secret: `command:${command}` } });
  expect(envelope.output).toMatchObject({ said: "[secret] with [secret]" });
});

test.each(["two\r\nlines", "two\nlines", "two\rlines"])("a text of several lines gets in by no reference: %j", async (text) => {
  process.env.REFERENCES_TEST = text;
  const error = await refusalOf({ account: { secret: "env:REFERENCES_TEST" } });
  expect(error.violations[0]).toMatchObject({ pointer: "/account", message: "env:REFERENCES_TEST: it is not one line, without CR, LF or NUL" });
  expect(runs).toBe(0);
});

test("a secret may be of several lines", async () => {
  process.env.REFERENCES_TEST = "two\nlines";
  expect((await runOn({ account: "probe", password: { secret: "env:REFERENCES_TEST" } })).envelope.output).toMatchObject({ said: "probe with [secret]" });
});

test("a secret that holds another leaves no rest of itself", async () => {
  const { envelope } = await runOn({ account: "hunter2 of hunter", password: "hunter2", others: [{ token: "hunter" }] });
  expect(envelope.output).toMatchObject({ said: "[secret] of [secret] with [secret]" });
});

test("a secret is taken out of names too, but for those of the schema", () => {
  const keeper = new SecretKeeper();
  keeper.keep("said");
  expect(keeper.maskAll({ said: "he said", "he said": [{ said: 1 }] }, { properties: { said: {} } })).toEqual({
    said: "he [secret]",
    "he [secret]": [{ "[secret]": 1 }],
  });
});

test("a field that the harness has not resolved is a bug", () => {
  expect(() => resolved({ secret: "env:NAME" })).toThrow("env:NAME was not resolved before the run");
});

test("a file that is no secret's is not read to its end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-references-"));
  writeFileSync(join(folder, "large"), "x".repeat(64 * 1024 + 1));
  const refusal = await refusalOf({ account: "me", password: { secret: `file:${join(folder, "large")}` } });
  rmSync(folder, { recursive: true });
  expect(refusal.code).toBe("unresolved_secret");
  expect(refusal.violations[0]?.message).toContain("it holds more than 65536 bytes");
});

describe("a reference never holds up the run", () => {
  const options = { timeoutMs: 300 };

  async function refusedWithin(reference: string, given: RunOptions, mostMs: number): Promise<string> {
    const began = performance.now();
    const error = await runLoaded(probe, { name: "test.references", version: null }, { account: "me", password: { secret: reference } }, given).then(
      () => expect.unreachable("the run was not refused"),
      (refusal: RequestError) => refusal,
    );
    expect(performance.now() - began).toBeLessThan(mostMs);
    expect(error.code).toBe("unresolved_secret");
    return error.violations[0]?.message ?? "";
  }

  test("a pipe, a device and a folder are no files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-references-"));
    try {
      execFileSync("mkfifo", [join(folder, "pipe")]);
      symlinkSync("pipe", join(folder, "link"));
      for (const path of [join(folder, "pipe"), join(folder, "link"), "/dev/zero", "/dev/tty", "/dev/stdin", folder])
        expect(await refusedWithin(`file:${path}`, {}, 2000)).toMatch(/: (it is not a regular file|ENXIO|ENOENT)$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a command that does not end is killed at the run's deadline, and by its caller", async () => {
    expect(await refusedWithin("command:sleep 60", options, 2000)).toBe("command:sleep 60: it was not read before the run's deadline");
    const signal = AbortSignal.timeout(200);
    expect(await refusedWithin("command:sleep 60", { signal }, 2000)).toBe("command:sleep 60: the run was cancelled");
    expect(await refusedWithin("command:sleep 60", { signal: AbortSignal.abort() }, 2000)).toBe("command:sleep 60: the run was cancelled");
  });
});

describe("a command", () => {
  const limits = { timeoutMs: 200, graceMs: 200, outputBytes: 1024 };

  /** A shell script, since a command line has no quotes. */
  async function withScript<Result>(lines: string, use: (path: string, folder: string) => Promise<Result>): Promise<Result> {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-command-"));
    writeFileSync(join(folder, "script"), lines);
    try {
      return await use(join(folder, "script"), folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  function isRunning(pid: number): boolean {
    try {
      // A process that has ended and was not waited for yet is a zombie.
      return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
    } catch {
      return false;
    }
  }

  test("that ignores SIGTERM is killed, and so is what it started", async () => {
    const lines = 'trap "" TERM\nsleep 600 &\necho $! $$ > "$1/pids"\nwhile :; do sleep 600; done\n';
    await withScript(lines, async (path, folder) => {
      await expect(runSecretCommand(`sh ${path} ${folder}`, undefined, limits)).rejects.toThrow("it did not end in time");
      const pids = readFileSync(join(folder, "pids"), "utf8").trim().split(" ").map(Number);
      expect(pids).toHaveLength(2);
      await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), 5000);
    });
  });

  test("has no terminal and no input to wait for", async () => {
    await withScript("cat\necho done\n", async (path) => {
      expect(await runSecretCommand(`sh ${path}`, undefined, { ...limits, timeoutMs: 10_000 })).toBe("done\n");
    });
  });

  test("that prints without end is ended", async () => {
    await expect(runSecretCommand("yes", undefined, { ...limits, timeoutMs: 10_000 })).rejects.toThrow("it printed more than 64 KiB");
  });
});

// Resolving is asynchronous, and costs a run more than its answer is worth if there is nothing to resolve.
test.each([
  ["nothing", {}, ["account"], false, false],
  ["a text that is no secret", { account: "ada" }, ["account"], false, false],
  ["a reference", { account: { secret: "env:ACCOUNT" } }, ["account"], false, true],
  ["a secret, which has to be masked", { password: "correct horse" }, ["password"], true, true],
  ["a list", { accounts: ["ada"] }, ["accounts", "*"], false, true],
])("whether %s needs resolving", (_what, given, steps, isSecret, expected) => {
  expect(needsResolving(given, { steps, isSecret })).toBe(expected);
});
