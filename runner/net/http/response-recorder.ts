import type { Operation } from "../../../schemas/operation.js";
import type { Recorder } from "../../run/recorder.js";
import { type HttpRequest, type ResponseHead, targetOf } from "./message.js";

/** Records one exchange as operations: its request, the wait for the first byte, the header if it takes longer, and the body. */
export class ResponseRecorder {
  readonly #recorder: Recorder;
  #request: Operation | null = null;
  #firstByte: Operation | null = null;
  #headers: Operation | null = null;
  #body: Operation | null = null;
  #firstByteAt: number | null = null;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  get hasBegun(): boolean {
    return this.#firstByteAt !== null;
  }

  sending({ method, url }: HttpRequest): void {
    this.#request = this.#recorder.begin("request");
    this.#request.message = `${method} ${url.origin}${targetOf(url)}`;
    this.#recorder.note("sent", this.#request.message);
  }

  sent(at: number): void {
    const request = this.#request as Operation;
    this.#recorder.end(request, null, request.message, at);
    if (this.#firstByteAt === null) this.#firstByte = this.#recorder.begin("first byte", at);
  }

  /** Bytes of the response arrived. */
  arrived(at: number): void {
    if (this.#firstByteAt !== null) return;
    this.#firstByteAt = at;
    // A response may begin before the whole request is sent.
    this.#firstByte ??= this.#recorder.begin("first byte", at);
    this.#recorder.end(this.#firstByte, null, null, at);
  }

  head({ version, status, reason }: ResponseHead, at: number): void {
    const words = `HTTP/${version} ${status} ${reason}`.trimEnd();
    this.#headers = this.#recorder.begin("headers", this.#firstByteAt ?? at);
    this.#recorder.end(this.#headers, status, words, at);
    this.#recorder.note("received", words, at);
    this.#body = this.#recorder.begin("body", at);
  }

  /** The last byte of the body arrived. */
  done(bytes: number, at: number): void {
    if (this.#body !== null) this.#recorder.end(this.#body, null, `${bytes} bytes`, at);
  }
}
