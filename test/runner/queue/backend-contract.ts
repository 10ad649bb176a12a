import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NO_LIMITS } from "../../../runner/limits/limits.js";
import { type Backend, type Channel, type ClaimRequest, isChannel, type LeasedMessage, type Message, type Outcome } from "../../../runner/queue/backend.js";
import { BACKEND_DEFAULTS, type BackendOptions } from "../../../runner/queue/backend-options.js";
import { Consumer } from "../../../runner/queue/consumer.js";
import { lastFailure } from "../../../runner/queue/last-failure.js";
import { Worker } from "../../../runner/queue/worker.js";

export interface ContractSubject {
  /** A separate store for each test; `open` may be called again, as by another process. */
  fresh(): Promise<{ open(options: BackendOptions): Promise<Backend>; remove(): Promise<void> }>;
  /** Long enough that a busy machine does not lose a lease by accident. */
  readonly leaseMs: number;
  /** False if held jobs may continue in any order. */
  readonly keepsOrderOfHeld?: boolean;
}

/** The tests that every store with jobs must pass, on a real server. */
export function describeBackend(name: string, { fresh, leaseMs, keepsOrderOfHeld = true }: ContractSubject): void {
  describe(name, () => {
    let store: Awaited<ReturnType<typeof fresh>>;
    let backend: Backend;
    let jobs: Channel;
    const others: Backend[] = [];

    beforeEach(async () => {
      store = await fresh();
      backend = await store.open(BACKEND_DEFAULTS);
      jobs = backend.jobs as Channel;
    });

    afterEach(async () => {
      for (const each of [backend, ...others.splice(0)]) await each.close();
      await store.remove();
    });

    const anotherProcess = async (): Promise<Channel> => {
      const other = await store.open(BACKEND_DEFAULTS);
      others.push(other);
      return other.jobs as Channel;
    };
    const claim = (from: Channel, max = 10, more: Partial<ClaimRequest> = {}) => from.claim({ max, leaseMs: 60_000, waitMs: 500, limits: NO_LIMITS, ...more });
    const settle = (from: Channel, leased: LeasedMessage | undefined, outcome: Outcome) => from.settle([{ message: leased as LeasedMessage, outcome }]);
    const none = { waitMs: 0 };

    describe("push", () => {
      test("messages are claimed in order of arrival, with unchanged text", async () => {
        expect(await jobs.push([message("a"), message("b"), message("c")])).toEqual(["accepted", "accepted", "accepted"]);
        const claimed = await claim(jobs);
        expect(claimed.map(({ id }) => id)).toEqual(["a", "b", "c"]);
        expect(claimed[0]).toMatchObject({ body: message("a").body, key: null, attempt: 1, lastFailure: null });
      });

      test("an id that is stored, done or dead is a duplicate", async () => {
        expect(await jobs.push([message("a"), message("a")])).toEqual(["accepted", "duplicate"]);
        await settle(jobs, (await claim(jobs))[0], { kind: "done", result: null });
        expect(await jobs.push([message("a"), message("b")])).toEqual(["duplicate", "accepted"]);
        await settle(jobs, (await claim(jobs))[0], { kind: "dead", failure: lastFailure("poisoned", "no JSON") });
        expect(await jobs.push([message("b")])).toEqual(["duplicate"]);
        expect(await claim(jobs, 10, none)).toEqual([]);
      });

      test("a message is visible to other processes, also after its producer has closed", async () => {
        await jobs.push([message("a")]);
        await backend.close();
        expect((await claim(await anotherProcess())).map(({ id }) => id)).toEqual(["a"]);
      });

      test("a delayed message is not claimed early", async () => {
        await jobs.push([message("later", { delayMs: 60_000 }), message("now")]);
        expect((await claim(jobs)).map(({ id }) => id)).toEqual(["now"]);
        expect(await jobs.counts()).toMatchObject({ delayed: 1, leased: 1 });
        const pushed = performance.now();
        await jobs.push([message("late", { delayMs: 400 })]);
        const asked = performance.now();
        expect((await claim(jobs, 10, { waitMs: 5000 })).map(({ id }) => id)).toEqual(["late"]);
        expect(performance.now() - pushed).toBeGreaterThan(395);
        expect(performance.now() - asked).toBeLessThan(2500);
      });

      test("higher priorities first, equal ones in order of arrival", async () => {
        await jobs.push([message("low"), message("high-1", { priority: 9 }), message("mid", { priority: 5 }), message("high-2", { priority: 9 })]);
        expect((await claim(jobs)).map(({ id }) => id)).toEqual(["high-1", "high-2", "mid", "low"]);
      });

      test("a thousand messages at once", async () => {
        const all = Array.from({ length: 1000 }, (_, index) => message(`m${index}`));
        expect(new Set(await jobs.push(all))).toEqual(new Set(["accepted"]));
        expect(await jobs.counts()).toMatchObject({ waiting: 1000, leased: 0 });
      });
    });

    describe("close", () => {
      test("ends a claim that waits, and a later claim rejects: a worker would ask again without end", async () => {
        const waiting = claim(jobs, 1, { waitMs: 60_000 });
        await new Promise((resolve) => setTimeout(resolve, 50));
        await backend.close();
        await expect(waiting).resolves.toEqual([]);
        await expect(claim(jobs)).rejects.toMatchObject({ name: "QueueError", code: "closed" });
      });

      test("ends a worker and a consumer that still run", async () => {
        const probes = { get: () => Promise.reject(new Error("there is no job")) };
        const settings = { concurrency: 1, leaseMs: 60_000, limits: NO_LIMITS, drain: false, waitMs: 60_000, onTrouble: () => undefined };
        const worker = new Worker({ jobs, results: null, probes, targets: null, mayResolve: () => false, ...settings });
        const ended = Promise.allSettled([worker.run(), new Consumer(backend.results as Channel, {}).claim()]);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await backend.close();
        const closed = { status: "rejected", reason: expect.objectContaining({ code: "closed" }) };
        expect(await ended).toEqual([closed, closed]);
      });
    });

    describe("lease", () => {
      test("a leased message cannot be claimed", async () => {
        await jobs.push([message("a")]);
        await claim(jobs);
        expect(await claim(await anotherProcess(), 10, none)).toEqual([]);
      });

      test("after an expired lease a message is claimed again as its next attempt, and its former holder has lost it", async () => {
        await jobs.push([message("a")]);
        const [first] = await claim(jobs, 1, { leaseMs });
        const other = await anotherProcess();
        const [second] = await claim(other, 1, { leaseMs, waitMs: 20_000 });
        expect(second).toMatchObject({ id: "a", attempt: 2 });
        expect(await jobs.extend([first as LeasedMessage], leaseMs)).toEqual([first]);
        expect(await settle(jobs, first, { kind: "done", result: message("a:result") })).toEqual(["lost"]);
        expect(await (backend.results as Channel).counts()).toMatchObject({ waiting: 0 });
        expect(await settle(other, second, { kind: "done", result: null })).toEqual(["stored"]);
      });

      test("heartbeats keep a lease", async () => {
        await jobs.push([message("a")]);
        // A beat that a busy machine delays for twice its time is still in time.
        const longMs = 3 * leaseMs;
        const [leased] = await claim(jobs, 1, { leaseMs: longMs });
        const other = await anotherProcess();
        for (let beat = 0; beat < 4; beat++) {
          await pause(leaseMs);
          expect(await jobs.extend([leased as LeasedMessage], longMs)).toEqual([]);
          expect(await claim(other, 1, none)).toEqual([]);
        }
        expect(await settle(jobs, leased, { kind: "done", result: null })).toEqual(["stored"]);
      });

      test("simultaneous claims of several processes share all messages without overlap", async () => {
        const ids = Array.from({ length: 300 }, (_, index) => `m${index}`);
        await jobs.push(ids.map((id) => message(id)));
        const workers = [jobs, await anotherProcess(), await anotherProcess()];
        const claimed = await Promise.all(
          workers.map(async (worker) => {
            const mine: string[] = [];
            for (;;) {
              const batch = await claim(worker, 7, none);
              if (batch.length === 0) return mine;
              mine.push(...batch.map(({ id }) => id));
              await worker.settle(batch.map((leased) => ({ message: leased, outcome: { kind: "done", result: null } })));
            }
          }),
        );
        expect(claimed.flat().sort()).toEqual([...ids].sort());
      });

      test("a waiting claim is woken by a message from another process", async () => {
        const other = await anotherProcess();
        const waiting = claim(jobs, 1, { waitMs: 10_000 });
        await pause(50);
        await other.push([message("a")]);
        const asked = performance.now();
        expect((await waiting).map(({ id }) => id)).toEqual(["a"]);
        expect(performance.now() - asked).toBeLessThan(2000);
      });

      test("a signal ends a waiting claim, which leases nothing", async () => {
        const ending = new AbortController();
        const waiting = claim(jobs, 1, { waitMs: 60_000, signal: ending.signal });
        await pause(30);
        ending.abort();
        expect(await waiting).toEqual([]);
      });
    });

    describe("settle", () => {
      test("done: the job is removed, and its result can be consumed", async () => {
        await jobs.push([message("a")]);
        await settle(jobs, (await claim(jobs))[0], { kind: "done", result: message("a:result") });
        expect(await jobs.counts()).toMatchObject({ waiting: 0, leased: 0, done: 1 });
        const { results } = backend;
        if (!isChannel(results)) throw new Error("jobs can be claimed, so can results");
        const [event] = await claim(results);
        expect(event).toMatchObject({ id: "a:result", body: message("a:result").body, attempt: 1 });
        expect(await settle(results, event, { kind: "done", result: null })).toEqual(["stored"]);
        expect(await results.push([message("a:result")])).toEqual(["duplicate"]);
      });

      test("retry: the message is due after its delay, with its last failure", async () => {
        await jobs.push([message("a")]);
        const failure = lastFailure("worker_error", "no such host");
        await settle(jobs, (await claim(jobs))[0], { kind: "retry", afterMs: 200, failure });
        expect(await claim(jobs, 1, none)).toEqual([]);
        expect((await claim(jobs, 1, { waitMs: 5000 }))[0]).toMatchObject({ id: "a", attempt: 2, lastFailure: failure });
      });

      test("release: the message is due at once, and the attempt does not count", async () => {
        await jobs.push([message("a")]);
        for (let times = 0; times < 3; times++) await settle(jobs, (await claim(jobs))[0], { kind: "release" });
        expect((await claim(await anotherProcess()))[0]).toMatchObject({ id: "a", attempt: 1 });
      });

      test("dead: the message is listed with its last failure, and can be retried", async () => {
        await jobs.push([message("a"), message("b")]);
        const failure = lastFailure("worker_error", "it threw");
        for (const leased of await claim(jobs)) await settle(jobs, leased, { kind: "dead", failure });
        expect(await jobs.deadLetters(10)).toMatchObject([{ id: "a", attempts: 1, failure, body: message("a").body }, { id: "b" }]);
        expect(await jobs.retryDead(["b", "never-there"])).toBe(1);
        expect((await claim(jobs))[0]).toMatchObject({ id: "b", attempt: 1, lastFailure: null });
        expect(await jobs.retryDead(null)).toBe(1);
        expect(await jobs.deadLetters(10)).toEqual([]);
      });

      test("a message cannot be settled twice", async () => {
        await jobs.push([message("a")]);
        const [leased] = await claim(jobs);
        expect(await settle(jobs, leased, { kind: "done", result: null })).toEqual(["stored"]);
        expect(await settle(jobs, leased, { kind: "dead", failure: lastFailure("worker_error", "too late") })).toEqual(["lost"]);
        expect(await jobs.deadLetters(10)).toEqual([]);
      });

      test("several settlements in one call, answered in order", async () => {
        await jobs.push([message("a"), message("b"), message("c")]);
        const [a, b, c] = (await claim(jobs)) as [LeasedMessage, LeasedMessage, LeasedMessage];
        await settle(jobs, b, { kind: "release" });
        const answers = await jobs.settle([
          { message: a, outcome: { kind: "done", result: message("a:result") } },
          { message: b, outcome: { kind: "done", result: message("b:result") } },
          { message: c, outcome: { kind: "retry", afterMs: 1, failure: lastFailure("worker_error", "once more") } },
        ]);
        expect(answers).toEqual(["stored", "lost", "stored"]);
      });
    });

    describe("saved state", () => {
      const saveState = (from: Channel, leased: LeasedMessage | undefined, state: string) => from.saveState([{ message: leased as LeasedMessage, state }]);
      const failure = lastFailure("worker_error", "no such host");

      test("a saved state is there at the next claim of its own message only", async () => {
        await jobs.push([message("a"), message("b")]);
        const [a, b] = await claim(jobs);
        expect([a, b]).toMatchObject([
          { savedState: null, part: 1 },
          { savedState: null, part: 1 },
        ]);
        expect(await saveState(jobs, a, "half")).toEqual(["stored"]);
        expect(await saveState(jobs, a, '{"done":["ann"]}')).toEqual(["stored"]);
        await settle(jobs, a, { kind: "release" });
        await settle(jobs, b, { kind: "release" });
        expect(await claim(await anotherProcess())).toMatchObject([
          { id: "a", savedState: '{"done":["ann"]}', attempt: 1 },
          { id: "b", savedState: null },
        ]);
      });

      test("it survives a retry, a dead letter and everything else that ends a lease", async () => {
        await jobs.push([message("a")]);
        const [first] = await claim(jobs);
        await saveState(jobs, first, "one");
        await settle(jobs, first, { kind: "retry", afterMs: 1, failure });
        const [second] = await claim(jobs, 1, { waitMs: 3000 });
        expect(second).toMatchObject({ savedState: "one", attempt: 2, lastFailure: failure });
        await saveState(jobs, second, "two");
        await settle(jobs, second, { kind: "later", afterMs: 1, result: null });
        const [third] = await claim(jobs, 1, { waitMs: 3000 });
        await settle(jobs, third, { kind: "dead", failure });
        expect(await jobs.deadLetters(10)).toMatchObject([{ id: "a", failure }]);
        expect(await jobs.retryDead(null)).toBe(1);
        expect(await claim(await anotherProcess())).toMatchObject([{ savedState: "two", part: 2, attempt: 1, lastFailure: null }]);
      });

      test("it survives the death of the process that saved it", async () => {
        await jobs.push([message("a")]);
        const [first] = await claim(jobs, 1, { leaseMs });
        await saveState(jobs, first, "half");
        const other = await anotherProcess();
        const [second] = await claim(other, 1, { waitMs: 20_000 });
        expect(second).toMatchObject({ savedState: "half", attempt: 2 });
        expect(await saveState(jobs, first, "too late")).toEqual(["lost"]);
        expect(await saveState(other, second, "whole")).toEqual(["stored"]);
        expect(await saveState(jobs, first, "too late again")).toEqual(["lost"]);
        await settle(other, second, { kind: "release" });
        expect(await claim(other)).toMatchObject([{ savedState: "whole" }]);
      });

      test("a settled message has no state", async () => {
        await jobs.push([message("a"), message("b")]);
        const [a, b] = await claim(jobs);
        await settle(jobs, a, { kind: "done", result: null });
        await settle(jobs, b, { kind: "release" });
        expect([await saveState(jobs, a, "late"), await saveState(jobs, b, "late")].flat()).toEqual(["lost", "lost"]);
        expect(await claim(jobs)).toMatchObject([{ id: "b", savedState: null }]);
      });

      test("several states in one call, answered in order, beside heartbeats", async () => {
        await jobs.push([message("a"), message("b"), message("c")]);
        const [a, b, c] = (await claim(jobs)) as [LeasedMessage, LeasedMessage, LeasedMessage];
        await settle(jobs, b, { kind: "release" });
        const [answers, lost, again] = await Promise.all([
          jobs.saveState([a, b, c].map((leased) => ({ message: leased, state: leased.id }))),
          jobs.extend([a, c], 60_000),
          saveState(jobs, a, "a again"),
        ]);
        expect({ answers, lost, again }).toEqual({ answers: ["stored", "lost", "stored"], lost: [], again: ["stored"] });
        expect(await Promise.all([a, c].map((leased) => settle(jobs, leased, { kind: "release" })))).toEqual([["stored"], ["stored"]]);
        expect(Object.fromEntries((await claim(jobs)).map(({ id, savedState }) => [id, savedState]))).toEqual({ a: "a again", b: null, c: "c" });
      });

      test("later: due after its delay as its next part, and the attempt does not count", async () => {
        await jobs.push([message("a", { priority: 3, key: "site" })]);
        const [first] = await claim(jobs);
        await saveState(jobs, first, "half");
        expect(await settle(jobs, first, { kind: "later", afterMs: 400, result: message("a:result:1") })).toEqual(["stored"]);
        expect(await settle(jobs, first, { kind: "done", result: null })).toEqual(["lost"]);
        expect(await jobs.push([message("a")])).toEqual(["duplicate"]);
        expect(await jobs.counts()).toMatchObject({ waiting: 0, leased: 0, delayed: 1, done: 0 });
        expect(await claim(jobs, 1, none)).toEqual([]);
        const asked = performance.now();
        const [second] = await claim(jobs, 1, { waitMs: 5000, limits: { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } } });
        expect(performance.now() - asked).toBeLessThan(3000);
        expect(second).toMatchObject({ id: "a", key: "site", attempt: 1, part: 2, savedState: "half", lastFailure: null });
        await settle(jobs, second, { kind: "done", result: message("a:result") });
        expect((await claim(backend.results as Channel)).map(({ id }) => id)).toEqual(["a:result:1", "a:result"]);
        expect(await jobs.push([message("a")])).toEqual(["duplicate"]);
      });

      test("later: earlier failures and the lease are forgotten", async () => {
        await jobs.push([message("a")]);
        await settle(jobs, (await claim(jobs))[0], { kind: "retry", afterMs: 1, failure });
        await settle(jobs, (await claim(jobs, 1, { waitMs: 3000 }))[0], { kind: "later", afterMs: 1, result: null });
        expect(await claim(await anotherProcess(), 1, { waitMs: 3000 })).toMatchObject([{ attempt: 2, part: 2, lastFailure: null }]);
      });

      test("later: after a lost lease nothing is delayed, and no result is stored", async () => {
        await jobs.push([message("a")]);
        const [first] = await claim(jobs, 1, { leaseMs });
        const [second] = await claim(await anotherProcess(), 1, { waitMs: 20_000 });
        expect(await settle(jobs, first, { kind: "later", afterMs: 1, result: message("a:result:1") })).toEqual(["lost"]);
        expect(await (backend.results as Channel).counts()).toMatchObject({ waiting: 0 });
        expect(second).toMatchObject({ attempt: 2, part: 1 });
      });

      test("a message with the id of a purged or forgotten one has no state", async () => {
        const short = await store.open({ ...BACKEND_DEFAULTS, retentionMs: 100 });
        others.push(short);
        const channel = short.jobs as Channel;
        await channel.push([message("waiting"), message("dead"), message("done")]);
        const [waiting, dead, done] = await claim(channel);
        for (const leased of [waiting, dead, done]) await saveState(channel, leased, "old");
        await settle(channel, waiting, { kind: "later", afterMs: 60_000, result: null });
        await settle(channel, dead, { kind: "dead", failure });
        await settle(channel, done, { kind: "done", result: null });
        expect([await channel.purge("waiting"), await channel.purge("dead")]).toEqual([1, 1]);
        await pause(300);
        expect(await channel.push([message("waiting"), message("dead"), message("done")])).toEqual(["accepted", "accepted", "accepted"]);
        const claimed = await claim(channel);
        expect(claimed.map(({ id, savedState, part, attempt }) => [id, savedState, part, attempt]).sort()).toEqual(
          ["dead", "done", "waiting"].map((id) => [id, null, 1, 1]),
        );
      });

      test("any text of a quarter of a megabyte", async () => {
        const texts = ["\u{1f4ec} \\ \" '\n", "x".repeat(256 * 1024)];
        await jobs.push([message("a"), message("b")]);
        for (const [index, leased] of (await claim(jobs)).entries()) {
          await saveState(jobs, leased, texts[index] as string);
          await settle(jobs, leased, { kind: "release" });
        }
        expect((await claim(jobs)).map(({ savedState }) => savedState)).toEqual(texts);
      });
    });

    describe("limits", () => {
      test("N at once for each key, across processes; other keys overtake, and no attempt is used", async () => {
        await jobs.push([message("a1", { key: "a" }), message("a2", { key: "a" }), message("a3", { key: "a" }), message("b1", { key: "b" }), message("free")]);
        const limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } };
        const first = await claim(jobs, 10, { limits });
        expect(first.map(({ id }) => id)).toEqual(["a1", "b1", "free"]);
        expect(await claim(await anotherProcess(), 10, { ...none, limits })).toEqual([]);
        await settle(jobs, first[0], { kind: "done", result: null });
        expect(await claim(jobs, 10, { limits, waitMs: 3000 })).toMatchObject([{ id: "a2", attempt: 1 }]);
        expect(await jobs.counts()).toMatchObject({ waiting: 1, leased: 3 });
      });

      test("a limit for one key", async () => {
        await jobs.push(["a1", "a2", "a3", "b1", "b2"].map((id) => message(id, { key: id.charAt(0) })));
        const limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null }, keys: { a: { atOnce: 2, rate: null } } };
        expect((await claim(jobs, 10, { limits })).map(({ id }) => id)).toEqual(["a1", "a2", "b1"]);
      });

      test("N at once for all", async () => {
        await jobs.push(["a", "b", "c"].map((id) => message(id)));
        const limits = { ...NO_LIMITS, all: { atOnce: 2, rate: null } };
        const first = await claim(jobs, 10, { limits });
        expect(first).toHaveLength(2);
        expect(await claim(await anotherProcess(), 10, { ...none, limits })).toEqual([]);
        await settle(jobs, first[0], { kind: "done", result: null });
        expect(await claim(jobs, 10, { limits })).toHaveLength(1);
      });

      test("N per second for each key: a burst, then an even pace", async () => {
        await jobs.push(Array.from({ length: 12 }, (_, index) => message(`a${index}`, { key: "a" })));
        const limits = { ...NO_LIMITS, eachKey: { atOnce: null, rate: { perSecond: 10, burst: 2 } } };
        const began = performance.now();
        const moments: number[] = [];
        while (moments.length < 8) {
          const claimed = await claim(jobs, 10, { limits, waitMs: 2000 });
          moments.push(...claimed.map(() => performance.now() - began));
        }
        // The burst of two, perhaps with tokens that arrived during the claim on a busy machine; then six more, one each 100 ms.
        const first = moments[0] as number;
        expect((moments[1] as number) - first).toBeLessThan(300);
        expect(moments[7]).toBeGreaterThan(500);
        expect((moments[7] as number) - first).toBeLessThan(2500);
      });

      test("N per second for all", async () => {
        await jobs.push(Array.from({ length: 5 }, (_, index) => message(`a${index}`)));
        const limits = { ...NO_LIMITS, all: { atOnce: null, rate: { perSecond: 10, burst: 1 } } };
        const began = performance.now();
        let claimed = 0;
        while (claimed < 4) claimed += (await claim(jobs, 10, { limits, waitMs: 2000 })).length;
        expect(performance.now() - began).toBeGreaterThan(250);
      });

      test("a heavy message takes its weight in tokens, and later messages wait", async () => {
        const heavy = (id: string, key: string): Message => message(id, { key, weight: 6 });
        await jobs.push([heavy("a1", "a"), message("a2", { key: "a" }), message("b1", { key: "b" }), heavy("b2", "b"), message("c1", { key: "c" })]);
        const limits = { ...NO_LIMITS, eachKey: { atOnce: null, rate: { perSecond: 10, burst: 2 } } };
        const began = performance.now();
        // Both of b: one token is enough to start, whatever the weight.
        expect((await claim(jobs, 10, { limits })).map(({ id }) => id)).toEqual(["a1", "b1", "b2", "c1"]);
        expect((await claim(await anotherProcess(), 10, { limits, waitMs: 3000 })).map(({ id }) => id)).toEqual(["a2"]);
        // From two tokens minus six up to one.
        expect(performance.now() - began).toBeGreaterThan(450);
      });

      test("a heavy message takes its weight from the limit of all, too", async () => {
        await jobs.push([message("a", { weight: 5 }), message("b"), message("c")]);
        const limits = { ...NO_LIMITS, all: { atOnce: 10, rate: { perSecond: 10, burst: 3 } } };
        const began = performance.now();
        expect((await claim(jobs, 10, { limits })).map(({ id }) => id)).toEqual(["a"]);
        expect(await jobs.counts()).toMatchObject({ waiting: 2, leased: 1 });
        // A store that polls late finds a token for the next one as well.
        expect((await claim(jobs, 10, { limits, waitMs: 3000 }))[0]?.id).toBe("b");
        expect(performance.now() - began).toBeGreaterThan(250);
      });

      test("held messages are due when the limit is removed", async () => {
        await jobs.push(["a1", "a2", "a3"].map((id) => message(id, { key: "a" })));
        await claim(jobs, 10, { limits: { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } } });
        const next = (await claim(jobs)).map(({ id }) => id);
        expect(keepsOrderOfHeld ? next : next.sort()).toEqual(["a2", "a3"]);
      });

      test("the slot of a dead holder is freed", async () => {
        await jobs.push(["a1", "a2"].map((id) => message(id, { key: "a" })));
        const limits = { ...NO_LIMITS, eachKey: { atOnce: 1, rate: null } };
        await claim(jobs, 10, { leaseMs, limits });
        expect(await claim(await anotherProcess(), 10, { limits, waitMs: 20_000 })).toHaveLength(1);
      });
    });

    describe("the whole channel", () => {
      test("pause stops claims in every process until resume", async () => {
        await jobs.push([message("a")]);
        const other = await anotherProcess();
        await other.pause();
        await other.pause();
        expect(await jobs.counts()).toMatchObject({ isPaused: true, waiting: 1 });
        expect(await claim(jobs, 1, { waitMs: 150 })).toEqual([]);
        await other.resume();
        expect(await claim(jobs, 1, { waitMs: 3000 })).toHaveLength(1);
        expect(await jobs.counts()).toMatchObject({ isPaused: false });
      });

      test("purge deletes waiting, dead or done messages, but no leased ones", async () => {
        await jobs.push(["leased", "dead", "done"].map((id) => message(id)));
        const [, dead, done] = await claim(jobs, 3);
        await settle(jobs, dead, { kind: "dead", failure: lastFailure("worker_error", "it threw") });
        await settle(jobs, done, { kind: "done", result: null });
        await jobs.push([message("waiting"), message("delayed", { delayMs: 60_000 })]);
        expect(await jobs.purge("waiting")).toBe(2);
        expect(await jobs.purge("dead")).toBe(1);
        expect(await jobs.purge("done")).toBe(1);
        expect(await jobs.counts()).toMatchObject({ waiting: 0, delayed: 0, leased: 1, dead: 0, done: 0 });
        expect(await jobs.push([message("done")])).toEqual(["accepted"]);
      });

      test("the id of a done message is forgotten after the retention time", async () => {
        const short = await store.open({ ...BACKEND_DEFAULTS, retentionMs: 100 });
        others.push(short);
        const channel = short.jobs as Channel;
        await channel.push([message("a")]);
        await settle(channel, (await claim(channel))[0], { kind: "done", result: null });
        await pause(300);
        expect(await channel.push([message("a")])).toEqual(["accepted"]);
        expect(await claim(channel)).toMatchObject([{ id: "a", attempt: 1 }]);
      });

      test("any text is stored unchanged", async () => {
        const bodies = ["", "not JSON", '{"half":', "\u{1f4ec} \\ \" '", "x".repeat(200_000)];
        await jobs.push(bodies.map((body, index) => ({ ...message(`m${index}`), body })));
        expect((await claim(jobs)).map(({ body }) => body)).toEqual(bodies);
      });
    });
  });
}

export function message(id: string, more: Partial<Message> = {}): Message {
  return { id, body: JSON.stringify({ specversion: "1.0", id, source: "test", type: "test", data: {} }), key: null, priority: 0, delayMs: 0, ...more };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
