import type { Phase } from "../../../schemas/failure.js";
import { monotonic } from "../../run/clock.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import { ENDED, type WireRun } from "../../run/run-state.js";
import { startTimeout } from "../../run/timeout.js";
import { loadOracle, type OracleColumn, type OracleConnection, type OracleLibrary } from "./library.js";

export interface OracleLogin {
  readonly connectString: string;
  readonly username: string;
  readonly password: string;
}

/** What the server says of something that it refuses. */
export interface OracleError {
  /** As ORA-01017. */
  readonly code: string;
  readonly message: string;
}

export interface OracleAnswer {
  readonly columns: readonly OracleColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly durationMs: number;
}

const MAX_MESSAGE_CHARACTERS = 2000;
/** The server starts or stops, or has no room for another session. */
const RETRYABLE: ReadonlySet<string> = new Set([
  "ORA-00018",
  "ORA-00020",
  "ORA-01033",
  "ORA-01034",
  "ORA-01089",
  "ORA-01090",
  "ORA-12516",
  "ORA-12519",
  "ORA-12520",
]);
/** Of connecting: calls have no timeout of the library's own. */
const TIMEOUTS: ReadonlySet<string> = new Set(["NJS-510"]);
const CLOSED: ReadonlySet<string> = new Set(["NJS-500", "NJS-501", "NJS-511", "NJS-521"]);

/** A session of Oracle's own client, whose waits end with the run. */
export class OracleSession {
  /** The last error. */
  error: OracleError | null = null;
  #library: OracleLibrary | null = null;
  #connection: OracleConnection | null = null;

  constructor(
    readonly run: WireRun,
    readonly timeoutMs: number,
  ) {}

  get version(): string | null {
    return this.#connection?.oracleServerVersionString ?? null;
  }

  async logIn({ connectString, username, password }: OracleLogin): Promise<void> {
    const library = await loadOracle();
    this.#library = library;
    await this.#operation("login", "auth", async () => {
      this.#connection = await library.getConnection({ user: username, password, connectString });
    });
  }

  async ping(): Promise<number> {
    const began = monotonic();
    await this.#operation("ping", "command", () => this.#open.ping());
    return monotonic() - began;
  }

  /** A query, of whose rows so many are read. Numbers come as text, so that none is rounded. */
  async query(name: string, phase: Phase, sql: string, binds: readonly unknown[], maxRows: number): Promise<OracleAnswer> {
    const { STRING, OUT_FORMAT_ARRAY, DB_TYPE_NUMBER } = this.#library as OracleLibrary;
    const fetchTypeHandler = ({ dbType }: { dbType: unknown }): object | undefined => (dbType === DB_TYPE_NUMBER ? { type: STRING } : undefined);
    const began = monotonic();
    const result = await this.#operation(name, phase, () =>
      this.#open.execute(sql, binds, { outFormat: OUT_FORMAT_ARRAY, maxRows, fetchArraySize: Math.min(maxRows, 100), prefetchRows: 2, fetchTypeHandler }),
    );
    return { columns: result.metaData ?? [], rows: result.rows ?? [], durationMs: monotonic() - began };
  }

  /** A statement of ours without a result. */
  async execute(sql: string): Promise<void> {
    await this.#operation(sql, "query", () => this.#open.execute(sql, [], {}));
  }

  /** Whether a text is a query. Nothing but a query is sent to the server for this: its first word decides. */
  async isQuery(sql: string): Promise<boolean> {
    const { statementType } = await this.#operation("describe", "query", () => this.#open.getStatementInfo(sql));
    return statementType === this.#library?.STMT_TYPE_SELECT;
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = null;
    // It waits for the server, which may be gone.
    connection?.close().catch(() => undefined);
  }

  get #open(): OracleConnection {
    return this.#connection as OracleConnection;
  }

  async #operation<Result>(name: string, phase: Phase, step: () => Promise<Result>): Promise<Result> {
    const operation = this.run.recorder.begin(name);
    try {
      return await this.#withinRun(phase, step());
    } catch (error) {
      const failed = error instanceof FailureError ? error : this.#failure(phase, error as Error & { code?: string });
      operation.message = failed.failure.message;
      throw failed;
    } finally {
      this.run.recorder.end(operation, operation.code, operation.message);
    }
  }

  /** The library's own timeout of a call (callTimeout) is not used: it knows no end of the run, and interrupts a call whose answer has not been read yet. */
  #withinRun<Result>(phase: Phase, work: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const cancel = startTimeout(this.timeoutMs, () => end(failureError(phase, "timeout", `no answer within ${this.timeoutMs} ms`)));
      const forget = this.run.deadline.onEnd((reason) => end(failureError(phase, reason, ENDED[reason])));
      const end = (error: FailureError): void => {
        settle();
        // Ends a statement that still runs.
        this.#connection?.break().catch(() => undefined);
        reject(error);
      };
      const settle = (): void => {
        cancel();
        forget();
      };
      work.then(
        (result) => {
          settle();
          resolve(result);
        },
        (error: unknown) => {
          settle();
          reject(error);
        },
      );
    });
  }

  #failure(phase: Phase, error: Error & { code?: string }): FailureError {
    const code = error.code ?? "";
    const message = (error.message.split("\n")[0] ?? "").slice(0, MAX_MESSAGE_CHARACTERS);
    if (TIMEOUTS.has(code)) return failureError(phase, "timeout", `no answer within ${this.timeoutMs} ms`);
    if (CLOSED.has(code)) return failureError(phase, "closed", message);
    if (!code.startsWith("ORA-")) return failureError(phase, "protocol_violation", message);
    this.error = { code, message };
    const { failure } = failureError(phase, "reply_rejected", message);
    return new FailureError({ ...failure, retryable: RETRYABLE.has(code) });
  }
}
