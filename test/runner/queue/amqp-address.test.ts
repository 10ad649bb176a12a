import { expect, test } from "vitest";
import { readAmqpUrl } from "../../../runner/queue/amqp/address.js";

test("a URL is parsed, and shown without its password", () => {
  const address = readAmqpUrl("amqps://ann:b%20c@mq.example.org/mail%2Fx?exchange=results&routing_key=mx.done", {});
  expect(address).toMatchObject({ protocol: "amqps", port: 5671, username: "ann", password: "b c", vhost: "mail/x", queue: null, exchange: "results" });
  expect(address.routingKey).toBe("mx.done");
  expect(address.shown).toBe("amqps://mq.example.org/mail%2Fx?exchange=results&routing_key=mx.done");
});

test("the defaults are RabbitMQ's; a password may come from the environment", () => {
  expect(readAmqpUrl("amqp://127.0.0.1", {})).toMatchObject({
    port: 5672,
    username: "guest",
    password: "guest",
    vhost: "/",
    queue: "probe-run.results",
    isQuorum: false,
  });
  expect(readAmqpUrl("amqp://ann@127.0.0.1", { PROBE_RUN_AMQP_PASSWORD: "from-there" }).password).toBe("from-there");
});

test.each([
  ["amqp://", "not a URL"],
  ["amqp://h?queues=x", "queues="],
  ["amqp://h?type=lazy", "classic or quorum"],
  ["amqp://h?queue=a&exchange=b", "not both"],
])("%s is rejected", (url, part) => {
  expect(() => readAmqpUrl(url, {})).toThrow(
    expect.objectContaining({ code: "usage", violations: [expect.objectContaining({ message: expect.stringContaining(part) })] }),
  );
});
