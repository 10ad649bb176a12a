import { type ChildProcess, spawn } from "node:child_process";
import { monotonic } from "../run/clock.js";
import type { Deadline } from "../run/deadline.js";
import { failureError } from "../run/failure-error.js";
import type { WireRun } from "../run/run-state.js";
import { MissingProgramError, type Packages } from "./missing-program.js";

/** What a program may print before it is ended. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 64 * 1024;
const MAX_ERROR_CHARACTERS = 16 * 1024;
/** Between the signal that lets a program print its summary and the one that ends it. */
const GRACE_MS = 300;

export interface ProgramRequest {
  readonly program: string;
  readonly arguments: readonly string[];
  /** Where people get it; null for a program of the user. */
  readonly packages: Packages | null;
  /** What it reads from its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Its environment; by default only PATH and the C locale. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Each line of its standard output, without its end, and when it arrived on the monotonic clock. */
  readonly onLine: (line: string, at: number) => void;
  /** The signal on which it ends by itself. */
  readonly interrupt?: "SIGINT" | "SIGTERM";
}

export interface ProgramResult {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stderr: string;
}

export interface ProgramGrant {
  /** Runs a program of the system to its end, or to the end of the run. Rejects with a MissingProgramError if it cannot be started. */
  run(request: ProgramRequest): Promise<ProgramResult>;
  /** The address that a program reached, for the output. */
  reached(address: string): void;
}

export function programGrant({ deadline, recorder }: Pick<WireRun, "deadline" | "recorder">): ProgramGrant {
  return {
    run: (request) => runProgram(deadline, request),
    reached(address) {
      recorder.ipAddress ??= address;
    },
  };
}

/** Without a shell, by default in the C locale, in a process group of its own: whatever it starts ends with it. */
export function runProgram(deadline: Deadline, request: ProgramRequest): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(request.program, [...request.arguments], {
      stdio: [request.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: true,
      env: request.environment ?? { PATH: process.env.PATH, LC_ALL: "C" },
    });
    // A program may end without reading all of it.
    child.stdin?.on("error", () => undefined).end(request.input);
    new Running(child, deadline, request, resolve, reject).start();
  });
}

class Running {
  #line = "";
  #bytes = 0;
  #stderr = "";
  #isEnded = false;
  #killTimer: NodeJS.Timeout | null = null;
  #error: Error | null = null;
  #forget = (): void => undefined;

  constructor(
    readonly child: ChildProcess,
    readonly deadline: Deadline,
    readonly request: ProgramRequest,
    readonly resolve: (result: ProgramResult) => void,
    readonly reject: (error: Error) => void,
  ) {}

  start(): void {
    const { child } = this;
    child.on("error", (error: NodeJS.ErrnoException) => this.#finish(() => this.reject(this.#missing(error))));
    // What it left behind in its group would outlive the run; with an output of its own nothing else waits for it.
    child.on("exit", () => this.#signal("SIGKILL"));
    child.on("close", (code) => {
      if (this.#line !== "") this.#take(this.#line);
      this.#finish(() => (this.#error === null ? this.resolve({ code, stderr: this.#stderr }) : this.reject(this.#error)));
    });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#received(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, MAX_ERROR_CHARACTERS);
    });
    if (!this.#isEnded) this.#forget = this.deadline.onEnd(() => this.#stop());
  }

  #received(text: string): void {
    const at = monotonic();
    this.#bytes += text.length;
    if (this.#bytes > MAX_OUTPUT_BYTES) {
      this.#overflow(`${this.request.program} printed more than ${MAX_OUTPUT_BYTES} characters`);
      return;
    }
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() as string;
    for (const line of lines) this.#take(line, at);
    if (this.#line.length > MAX_LINE_CHARACTERS) this.#overflow(`${this.request.program} printed a line of more than ${MAX_LINE_CHARACTERS} characters`);
  }

  #take(line: string, at = monotonic()): void {
    if (this.#error !== null) return;
    try {
      this.request.onLine(line, at);
    } catch (error) {
      this.#error = error as Error;
      this.#signal("SIGKILL");
    }
  }

  #overflow(message: string): void {
    this.#line = "";
    this.#error ??= failureError("probe", "limit_exceeded", message);
    this.#signal("SIGKILL");
  }

  #stop(): void {
    this.#signal(this.request.interrupt ?? "SIGTERM");
    this.#killTimer = setTimeout(() => this.#signal("SIGKILL"), GRACE_MS);
  }

  /** To the whole group. It may have ended just now. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined || this.#isEnded) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // EPERM: what is left of the group has ended, and its parent does not know it yet (macOS).
      if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }

  #missing({ code, message }: NodeJS.ErrnoException): Error {
    const { program, packages } = this.request;
    if (code === "ENOENT") return new MissingProgramError(program, "is not installed", packages);
    if (code === "EACCES" || code === "EPERM")
      return new MissingProgramError(program, "may not be executed: a container without NET_RAW refuses a program with that capability", null);
    return new MissingProgramError(program, `cannot be started (${message})`, null);
  }

  #finish(settle: () => void): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.#killTimer !== null) clearTimeout(this.#killTimer);
    this.#forget();
    settle();
  }
}
