import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { StoredMsg } from "@nats-io/jetstream";
import { backoffMs } from "../backoff.js";
import type { NatsClient } from "./client.js";
import { API_CODE, apiCodeOf, asQueueError, GONE_CODES, isNotNow } from "./errors.js";

/** How long a server that is away is waited for before it becomes an error. */
const MOST_AWAY_MS = 20_000;
/** Told apart by it: a record of ours whose answer was lost, and somebody else's. */
const WRITE_HEADER = "probe-run-write";

export interface Write {
  readonly stream: string;
  readonly subject: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Only if the last message of the subject has this sequence; 0: if there is none. */
  readonly expected?: number;
}

/** Requests to the server, asked again while it is away. */
export class Requests {
  #isClosed = false;

  constructor(readonly client: NatsClient) {}

  close(): void {
    this.#isClosed = true;
  }

  async retried<Answer>(ask: (attempt: number) => Promise<Answer>): Promise<Answer> {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(attempt);
      } catch (error) {
        const isOver = this.#isClosed || performance.now() - began > MOST_AWAY_MS;
        if (!isNotNow(error) || isOver) throw asQueueError(error, this.client.address);
        await sleep(backoffMs(attempt, 100, 2000));
      }
    }
  }

  /** The sequence of what was written; null when the subject's last message is another than expected. */
  write({ stream, subject, body, headers = {}, expected }: Write): Promise<number | null> {
    const mark = randomUUID();
    const options = {
      headers: this.client.newHeaders({ ...headers, [WRITE_HEADER]: mark }),
      ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
    };
    return this.retried(async (attempt) => {
      try {
        return (await this.client.jetstream.publish(subject, body, options)).seq;
      } catch (error) {
        if (apiCodeOf(error) !== API_CODE.wrongLastSequence) throw error;
        if (attempt === 1) return null;
        const last = await this.client.manager.streams.getMessage(stream, { last_by_subj: subject });
        return last !== null && last.header.get(WRITE_HEADER) === mark ? last.seq : null;
      }
    });
  }

  /** The last message of a subject, from the stream's leader; null when there is none. */
  last(stream: string, subject: string): Promise<StoredMsg | null> {
    return this.retried(() => this.client.manager.streams.getMessage(stream, { last_by_subj: subject }));
  }

  /** False: it was not there any more. */
  remove(stream: string, sequence: number): Promise<boolean> {
    return this.retried(async () => {
      try {
        return await this.client.manager.streams.deleteMessage(stream, sequence, false);
      } catch (error) {
        if (GONE_CODES.includes(apiCodeOf(error))) return false;
        throw error;
      }
    });
  }
}
