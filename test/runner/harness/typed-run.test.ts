import { expect, expectTypeOf, it } from "vitest";
import { type Failure, type OutputOf, type Queue, run, type Status } from "../../../runner/index.js";

it("types the output by the probe's name and version", async () => {
  const newest = await run("network.smtp", { target_host: "127.0.0.1", target_port: 9 });
  expectTypeOf(newest.output.failure).not.toBeAny();
  expect(newest.output.failure?.code).toBe("refused");
  expectTypeOf(newest.output.response_time_ms).toEqualTypeOf<number | null>();

  const oldest = await run("network.smtp@1", { target_host: "127.0.0.1", target_port: "9", send_email_flag: "False" });
  expectTypeOf(oldest.output.retcode).toEqualTypeOf<string | undefined>();
  expect(oldest.output.retcode).toBe("ERROR: on port 9 can't connect.");
});

it("refuses an input that the probe's contract does not know, before it runs", async () => {
  // @ts-expect-error: a port is a number in 2.0.0
  await expect(run("network.smtp@2", { target_host: "127.0.0.1", target_port: "9" })).rejects.toMatchObject({ code: "invalid_input" });
});

it("takes a name that is known only when it runs", async () => {
  const name: string = ["network", "smtp"].join(".");
  const { output } = await run(name, { target_host: "127.0.0.1", target_port: 9 });
  expectTypeOf(output.status).toEqualTypeOf<Status>();
  expectTypeOf(output.failure).toEqualTypeOf<Failure | null>();
  // Narrowed by its caller, who knows the probe.
  expectTypeOf((output as OutputOf<"network.smtp">).banner).toEqualTypeOf<string | null>();
  // @ts-expect-error: of an unknown probe, nothing else is known
  expect(output.banner).toBeNull();
  expect(output).toMatchObject({ status: "error", failure: { code: "refused" } });
});

it("a name that only looks like a built-in one does not compile", () => {
  const compiledOnly = async (name: string): Promise<void> => {
    await run(name as string, { anything: true });
    await run("./probe.js", { anything: true });
    await run("acme.greeting@1", { anything: true });
    await run("network.smtp@2", { target_host: "mx.example.org" });
    // @ts-expect-error: no probe of ours is called this
    await run("network.smtpp@2", { target_host: "mx.example.org" });
    // @ts-expect-error: it has no such version
    await run("network.smtp@9", { target_host: "mx.example.org" });
    // @ts-expect-error: characters are swapped
    await run("mail.rctp", { email: "a@b.example" });
  };
  expectTypeOf(compiledOnly).toBeFunction();
});

it("a job is typed as a run is", () => {
  const compiledOnly = async (queue: Queue, name: string): Promise<void> => {
    await queue.enqueue("network.smtp@2", { target_host: "mx.example.org" }, { key: "mx" });
    await queue.enqueue("network.smtp@1", { target_host: "mx.example.org", target_port: "25", send_email_flag: "False" });
    await queue.enqueue(name, { anything: true });
    await queue.enqueue("./probe.js", { anything: true });
    // @ts-expect-error: no probe of ours is called this
    await queue.enqueue("network.smpt", { target_host: "mx.example.org" });
    // @ts-expect-error: there is no such field
    await queue.enqueue("network.smtp", { target_hots: "mx.example.org" });
    // @ts-expect-error: a port is a number in 2.0.0
    await queue.enqueue("network.smtp@2", { target_host: "mx.example.org", target_port: "25" });
  };
  expectTypeOf(compiledOnly).toBeFunction();
});
