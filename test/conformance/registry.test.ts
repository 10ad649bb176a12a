import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { builtIn } from "../../probes/index.js";
import { capabilityNames } from "../../runner/harness/capabilities.js";
import { labServersOf } from "../../runner/harness/catalogue.js";
import type { NewestVersion } from "../../runner/harness/define-probe.js";
import { builtInNames, loadProbe } from "../../runner/harness/registry.js";
import { runReport } from "../../runner/harness/run.js";
import { newestFirst } from "../../runner/harness/version.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";
import { listen } from "../../runner/net/transport/listen.js";
import { RequestError } from "../../runner/support/request-error.js";
import { carriedProperties } from "../../schemas/carried.js";
import { annotations, formats } from "../../schemas/contract.js";
import { read, sourcesIn } from "../house/files.js";
import { expectNoSecrets, namesInBrowser, startLab } from "./labs.js";
import { exampleInput, type Field, fieldsOf, objectsOf, type Schema, schemaOf, withValueAt } from "./schemas.js";

/** Contracts that were taken over as they are: they keep their names and their forms. */
const TAKEN_OVER = new Set(["network.smtp@1.0.0"]);

type Contracts = Pick<NewestVersion, "input" | "output">;

const names = builtInNames();
/** They start a browser for each server of their lab: labs-in-browser.test.ts runs those. */
const inBrowser = await namesInBrowser();
const versions = (await Promise.all(names.map((name) => loadProbe(name)))).flatMap(({ probe, versions: all }) => all.map((version) => ({ probe, version })));
const all = versions.map(({ probe, version }) => ({
  id: `${probe.name}@${version}`,
  probe,
  version,
  input: schemaOf(probe, version, "input"),
  output: schemaOf(probe, version, "output"),
}));
const inHouseStyle = all.filter(({ id }) => !TAKEN_OVER.has(id));
/** What dials a target that its caller names can be sent to a port of ours. */
const dialling = all.filter(
  ({ probe, input: { properties = {} } }) => probe.needs.includes("tcp") && ("target_port" in properties || "port" in properties || "url" in properties),
);

describe.each(names)("%s", (name) => {
  test("has the name of its folder, in lower case", async () => {
    const { probe } = await loadProbe(name);
    expect(probe.name).toBe(name);
    expect(name).toMatch(/^[a-z][a-z0-9]*(\.[a-z][a-z0-9_-]*)*$/);
    expect(sourcesIn(`probes/${name}`)).toContain(`probes/${name}/probe.ts`);
  });

  test("says in one sentence what it does", async () => {
    expect((await loadProbe(name)).probe.summary).toMatch(/^[A-Z][^\n]{10,150}\.$/);
  });

  test("needs what there is to be given, each once", async () => {
    const { needs } = (await loadProbe(name)).probe;
    expect(needs.filter((need) => !capabilityNames().includes(need))).toEqual([]);
    expect(new Set(needs).size).toBe(needs.length);
  });

  test("has whole versions, the newest first", async () => {
    const own = Object.keys((await loadProbe(name)).probe.versions);
    for (const version of own) expect(version).toMatch(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/);
    expect(own).toEqual([...own].sort(newestFirst));
  });

  test("uses nothing but its input and its ctx", () => {
    const talkers = sourcesIn(`probes/${name}`).filter((path) => /\bprocess\.(stdin|stdout|stderr|exit|on)\b|\bconsole\./.test(read(path)));
    expect(talkers).toEqual([]);
  });
});

// Side by side: much of their time is spent waiting.
describe.concurrent.each(names)("%s", (name) => {
  const does = "its lab has the servers that `describe` names, their inputs fit its newest contract, and their secrets appear in nothing that leaves a run";
  test(does, { timeout: 180_000 }, async (context) => {
    const lab = await startLab(name, context);
    const { probe, versions: own } = await loadProbe(name);
    const contracts = probe.versions[own[0] as string] as Contracts;
    for (const server of lab.servers) expect(contracts.input.validator(structuredClone(server.input)), server.name).toBe(true);
    expect(lab.servers.map(({ name, summary }) => ({ name, summary }))).toEqual(await labServersOf(name));
    if (!inBrowser.includes(name)) await expectNoSecrets(name, lab);
  });
});

test("every probe is reached by the name of its folder", () => {
  const folders = sourcesIn("probes").flatMap((path) => /^probes\/([^/]+)\/probe\.ts$/.exec(path)?.[1] ?? []);
  expect(Object.keys(builtIn)).toEqual(folders.sort());
});

const strict = new Ajv2020({ strict: true, strictRequired: true, code: { optimize: false } });
for (const [format, check] of Object.entries(formats)) strict.addFormat(format, check);
for (const annotation of annotations) strict.addKeyword(annotation);

describe.each(all)("$id", ({ id, probe, version, input, output }) => {
  const contracts = probe.versions[version] as Contracts;

  test("both schemas compile in strict mode, and have the probe's $id", () => {
    for (const [side, schema] of Object.entries({ input, output })) {
      expect(() => strict.compile(structuredClone(schema))).not.toThrow();
      expect(schema.title).toBe(`${probe.name} ${version} ${side}`);
    }
  });

  test("an example input is taken", () => {
    expect(contracts.input.validator(exampleInput(input))).toBe(true);
  });

  test("an unknown field is refused at any depth", () => {
    expect(contracts.input.validator({ ...exampleInput(input), nonsense: 1 })).toBe(false);
    expect(objectsOf(input).filter(({ schema }) => schema.additionalProperties !== false)).toEqual([]);
    expect(objectsOf(output).filter(({ schema }) => schema.additionalProperties !== false)).toEqual([]);
  });

  test("a default does not hide the usual timeout of the probe", () => {
    if (probe.usualTimeoutMs !== undefined) expect(input.properties?.timeout_ms).not.toHaveProperty("default");
  });

  test("every input field says what it is for", () => {
    expect(
      fieldsOf(input)
        .filter(({ schema }) => (schema.description ?? "").length < 5)
        .map(({ path }) => path),
    ).toEqual([]);
  });

  test("an invalid input is reported without its secrets, and nothing is sent", async () => {
    for (const { path } of fieldsOf(input).filter(({ schema }) => schema["x-secret"] === true)) {
      for (const secret of ["s3cret-".repeat(2000), 31337.25, ["s3cret-1"]]) {
        const error = await runReport(id, withValueAt(exampleInput(input), path, secret)).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(RequestError);
        expect(JSON.stringify([(error as Error).message, (error as RequestError).violations])).not.toMatch(/s3cret|31337/);
      }
    }
  });
});

describe.each(inHouseStyle)("$id in the house's style", ({ input, output }) => {
  test("names are in snake_case", () => {
    expect([...fieldsOf(input), ...fieldsOf(output)].filter(({ name }) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)).map(({ path }) => path)).toEqual([]);
  });

  test("every output field is always there", () => {
    const partial = objectsOf(output).filter(({ schema }) => Object.keys(schema.properties ?? {}).join() !== (schema.required ?? []).join());
    expect(partial.map(({ path }) => path)).toEqual([]);
  });

  test("what every output carries comes first", () => {
    const carried = Object.keys(carriedProperties);
    expect(Object.keys(output.properties ?? {}).slice(0, carried.length)).toEqual(carried);
  });

  test("numbers that are times or sizes have their unit in their names, or say it first where another system named them", () => {
    const measures = /(^|_)(time|timeout|duration|delay|latency|age|ttl|interval|size|length|offset)(_|$)/;
    const units = /(^|_)(us|ms|s|seconds|minutes|hours|days|bytes|bits|percent)(_|$)/;
    const numeric = (schema: Schema): boolean => [schema.type].flat().some((type) => type === "number" || type === "integer");
    const isClear = ({ name, schema }: Field): boolean => units.test(name) || /^(Seconds|Bytes|Hops)\b/.test(schema.description ?? "");
    const unclear = [...fieldsOf(input), ...fieldsOf(output)].filter((field) => numeric(field.schema) && measures.test(field.name) && !isClear(field));
    expect(unclear.map(({ path }) => path)).toEqual([]);
  });
});

// Side by side: they wait for a deadline. Those of one probe follow each other, because a run may wait for another of its probe.
describe.concurrent.each(dialling)("$id, sent to a port of the test's own", ({ id, input, output, probe, version }) => {
  const aimedAt = (port: number): Record<string, unknown> => ({
    ...exampleInput(input),
    ...("url" in (input.properties ?? {})
      ? { url: `http://127.0.0.1:${port}/` }
      : "target_port" in (input.properties ?? {})
        ? { target_host: "127.0.0.1", target_port: input.properties?.target_port?.type === "string" ? String(port) : port }
        : { host: "127.0.0.1", port }),
  });
  const fits = (value: unknown): boolean => (probe.versions[version] as Contracts).output.validator(structuredClone(value));

  test.sequential("reports a closed port, in the fields of its contract and in their order", async () => {
    const { port, close } = await listen(() => {});
    await close();
    const { carried, envelope } = await runReport(id, aimedAt(port));
    expect(carried).toMatchObject({ status: "error", failure: { phase: "connect", code: "refused", retryable: true }, ip_address: null, connected_time: null });
    expect(fits(envelope.output)).toBe(true);
    expect(fits(envelope.queue)).toBe(true);
    const named = Object.keys(output.properties ?? {});
    const given = Object.keys(envelope.output as object);
    expect(given).toEqual(named.filter((name) => given.includes(name)));
  });

  test.sequential.for(["timeout", "cancelled"] as const)("ends with %s, and leaves no socket behind", async (code, { expect, onTestFinished }) => {
    const silent = await playTranscript("@silence\n");
    onTestFinished(() => silent.close());
    const cancel = new AbortController();
    const began = performance.now();
    // Long enough to connect on a busy machine, beside four others.
    const running = runReport(id, aimedAt(silent.port), code === "timeout" ? { timeoutMs: 700 } : { signal: cancel.signal });
    if (code === "cancelled") {
      await expect.poll(() => silent.openSockets, { interval: 5 }).toBeGreaterThan(0);
      setTimeout(() => cancel.abort(), 100);
    }
    const { carried } = await running;
    expect(carried).toMatchObject({ status: "error", failure: { code } });
    expect(carried.connected_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(performance.now() - began).toBeLessThan(2500);
    await expect.poll(() => silent.openSockets, { interval: 5 }).toBe(0);
  });

  // A protocol without a syntax has no wrong peer: see `freeForm` of defineProbe.
  const endsWhenWrong = "ends when the peer speaks another protocol, with a failure that names it";
  test.runIf(probe.freeForm !== true).sequential(endsWhenWrong, async ({ expect, onTestFinished }) => {
    // It reads, because otherwise it would not notice that the client closed the connection.
    const wrong = await listen((socket) => socket.resume().end("\x00\x01 no protocol that you know\r\n"));
    onTestFinished(() => wrong.close());
    const { carried } = await runReport(id, aimedAt(wrong.port), { timeoutMs: 2000 });
    const words = "a peer of another protocol must end in a failure such as protocol_violation; if any answer is valid, say freeForm: true in defineProbe";
    expect(carried.status, words).toBe("error");
    expect(carried.failure?.code).not.toBe("unknown");
    await expect.poll(() => wrong.openSockets, { interval: 5 }).toBe(0);
  });
});
