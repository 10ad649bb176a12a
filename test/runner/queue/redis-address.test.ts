import { expect, test } from "vitest";
import { readRedisUrl } from "../../../runner/queue/redis/address.js";
import { jobIdOf, messageIdOf } from "../../../runner/queue/redis/job-data.js";
import { RequestError } from "../../../runner/support/request-error.js";

test("a URL with all parts", () => {
  expect(readRedisUrl("rediss://me:p%40ss@redis.example.org:6380/3?prefix=fleet-1", {})).toEqual({
    shown: "rediss://redis.example.org:6380/3?prefix=fleet-1",
    host: "redis.example.org",
    port: 6380,
    isEncrypted: true,
    username: "me",
    password: "p@ss",
    database: 3,
    prefix: "{fleet-1}",
  });
});

test("a URL with a host only", () => {
  expect(readRedisUrl("redis://[::1]", {})).toMatchObject({
    host: "::1",
    port: 6379,
    isEncrypted: false,
    username: null,
    password: null,
    database: 0,
    prefix: "{probe-run}",
  });
});

test("a password from the environment, if the URL has none", () => {
  const environment = { PROBE_RUN_REDIS_PASSWORD: "from-outside" };
  expect(readRedisUrl("redis://localhost", environment).password).toBe("from-outside");
  expect(readRedisUrl("redis://:inside@localhost", environment).password).toBe("inside");
});

test.each([
  ["redis:", "it is not a URL"],
  ["redis://:secret@", "it is not a URL"],
  ["redis://:secret@host:port", "it is not a URL"],
  ["redis://:secret@host/jobs", "the number of a database"],
  ["redis://:secret@host/0?prefx=a", "unknown setting prefx="],
  ["redis://:secret@host/0?prefix={a}", "prefix= may contain letters"],
  ["redis://:%E0%A4%A@host", "write % in a user"],
])("%s is rejected, and its password is not shown", (url, complaint) => {
  const error = thrownBy(() => readRedisUrl(url, {}));
  expect(error.violations).toEqual([expect.objectContaining({ message: expect.stringContaining(complaint) })]);
  expect(JSON.stringify([error.message, error.violations])).not.toContain("secret");
});

test.each(["a", "", "a:b", "%", "%3A", "m-a", "a%3A:%", "ü"])("the id %j survives the conversion to a job id", (id) => {
  expect(jobIdOf(id)).not.toContain(":");
  expect(messageIdOf(jobIdOf(id))).toBe(id);
});

function thrownBy(work: () => unknown): RequestError {
  try {
    work();
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
