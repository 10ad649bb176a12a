import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredMsg } from "@nats-io/jetstream";
import { backoffMs } from "../backoff.js";
import type { NatsClient } from "./client.js";
import { API_CODE, apiCodeOf, asQueueError, GONE_CODES, isNotNow } from "./errors.js";
import { headersIn } from "./stored-fields.js";

/** How long an unavailable server is retried before it is an error. */
const MAX_RETRY_MS = 20_000;
/** Distinguishes our own write, whose answer was lost, from another process's. */
const WRITE_HEADER = "probe-run-write";

export interface Write {
  readonly stream: string;
  readonly subject: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Write only if the last message of the subject has this sequence; 0: only if there is none. */
  readonly expected?: number;
}

/** Requests to the server, repeated while it is unavailable. */
export class Requests {
  #isClosed = false;

  constructor(readonly client: NatsClient) {}

  close(): void {
    this.#isClosed = true;
  }

  async retry<Answer>(send: (attempt: number) => Promise<Answer>): Promise<Answer> {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(attempt);
      } catch (error) {
        const hasGivenUp = this.#isClosed || performance.now() - began > MAX_RETRY_MS;
        if (!isNotNow(error) || hasGivenUp) throw asQueueError(error, this.client.address);
        await sleep(backoffMs(attempt, 100, 2000));
      }
    }
  }

  /** The sequence of the new message; null if the subject's last message is not the expected one. */
  write({ stream, subject, body, headers = {}, expected }: Write): Promise<number | null> {
    const mark = randomUUID();
    const options = {
      headers: this.client.newHeaders({ ...headers, [WRITE_HEADER]: mark }),
      ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
    };
    return this.retry(async (attempt) => {
      try {
        return (await this.client.jetstream.publish(subject, body, options)).seq;
      } catch (error) {
        if (apiCodeOf(error) !== API_CODE.wrongLastSequence) throw error;
        if (attempt === 1) return null;
        const last = await this.client.manager.streams.getMessage(stream, { last_by_subj: subject });
        return last !== null && headersIn(() => last.header)?.get(WRITE_HEADER) === mark ? last.seq : null;
      }
    });
  }

  /** The last message of a subject, read from the stream's leader; null if there is none. */
  last(stream: string, subject: string): Promise<StoredMsg | null> {
    return this.retry(() => this.client.manager.streams.getMessage(stream, { last_by_subj: subject }));
  }

  /** False: it no longer existed. */
  remove(stream: string, sequence: number): Promise<boolean> {
    return this.retry(async () => {
      try {
        return await this.client.manager.streams.deleteMessage(stream, sequence, false);
      } catch (error) {
        if (GONE_CODES.includes(apiCodeOf(error))) return false;
        throw error;
      }
    });
  }
}
