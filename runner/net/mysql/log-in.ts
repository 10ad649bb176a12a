import { randomBytes } from "node:crypto";
import { failureError } from "../../run/failure-error.js";
import { encryptPassword, pluginNamed } from "./auth-plugin.js";
import { encodeOpening, type Greeting, withoutEnd } from "./handshake.js";
import { PacketReader } from "./packet.js";
import { CLIENT_NONCE_BYTES, parsecAnswer } from "./parsec.js";
import type { MysqlSession } from "./session.js";

/** How a packet within a login begins. MariaDB sends the salt of PARSEC without a mark. */
const STEP = { ok: 0x00, more: 0x01, salt: 0x50, change: 0xfe } as const;
/** What caching_sha2_password says: the server remembers the password, or needs the whole of it. */
const CACHED = 0x03;
const WHOLE_PASSWORD = 0x04;
const REQUEST_KEY = 0x02;
/** Servers change the plugin once. */
const MAX_STEPS = 8;

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly database: string | null;
  readonly allowPlaintext: boolean;
  /** Called with each plugin before anything of it is sent. */
  onPlugin(name: string): void;
}

/** Logs in as the server wishes. */
export function logIn(session: MysqlSession, greeting: Greeting, login: Login): Promise<void> {
  return session.operation("auth", "auth", () => new Exchange(session, login).run(greeting));
}

class Exchange {
  readonly #password: Buffer;
  #plugin = "";
  #nonce = Buffer.alloc(0);
  #mayContinue = false;

  constructor(
    readonly session: MysqlSession,
    readonly login: Login,
  ) {
    this.#password = Buffer.from(login.password);
  }

  async run({ plugin, nonce }: Greeting): Promise<void> {
    const { username, database } = this.login;
    // What the greeting proposes may be unknown, or another than the user's: then nothing of the password is sent, and the server changes it.
    const isKnown = plugin === "mysql_native_password" || plugin === "caching_sha2_password";
    const first = isKnown ? plugin : "mysql_native_password";
    const answer = isKnown ? this.#answer(plugin, nonce) : Buffer.alloc(0);
    this.session.send(encodeOpening({ username, database, plugin: first, answer, isTls: this.#isTls }));
    for (let steps = 0; steps < MAX_STEPS; steps++) if (await this.#step(await this.session.next())) return;
    throw failureError("auth", "limit_exceeded", `a login of more than ${MAX_STEPS} steps`);
  }

  get #isTls(): boolean {
    return this.session.connection.tls !== null;
  }

  /** True once the server has accepted the login. */
  async #step(body: Buffer): Promise<boolean> {
    const reader = new PacketReader(body);
    switch (reader.byte()) {
      case STEP.ok:
        return true;
      case STEP.change:
        if (reader.left === 0) throw failureError("auth", "unsupported", "the server wants the login of MySQL before version 4.1, which is not supported");
        this.session.send(this.#answer(reader.text(), withoutEnd(reader.rest())));
        return false;
      case STEP.more:
        await this.#more(reader.rest());
        return false;
      case STEP.salt:
        await this.#more(body);
        return false;
      default:
        throw this.session.unexpected(body);
    }
  }

  /** The next step of a plugin that has more than one. */
  async #more(data: Buffer): Promise<void> {
    if (this.#plugin === "caching_sha2_password" && data.length === 1) return this.#continueSha2(data[0] as number);
    if (!this.#mayContinue) throw failureError("auth", "protocol_violation", "the server continues a login that should be complete");
    this.#mayContinue = false;
    if (this.#plugin === "parsec") this.session.send(await parsecAnswer(this.#password, data, this.#nonce, randomBytes(CLIENT_NONCE_BYTES)));
    else this.session.send(encryptPassword(this.#password, this.#nonce, data.toString("latin1")));
  }

  async #continueSha2(step: number): Promise<void> {
    if (step === CACHED) return;
    if (step !== WHOLE_PASSWORD) throw failureError("auth", "protocol_violation", "the server continues the login in an unknown way");
    this.#requireCover("the whole password");
    if (this.#isTls) {
      this.session.send(this.login.password, 0);
      return;
    }
    this.session.send(REQUEST_KEY);
    const reader = new PacketReader(await this.session.next());
    if (reader.byte() !== STEP.more) throw failureError("auth", "protocol_violation", "the server does not send its public key");
    this.session.send(encryptPassword(this.#password, this.#nonce, reader.rest().toString("latin1")));
  }

  #answer(name: string, nonce: Buffer): Buffer {
    const plugin = pluginNamed(name);
    this.login.onPlugin(name);
    if (nonce.length === 0 && name !== "mysql_clear_password") throw failureError("auth", "protocol_violation", "the server sends no nonce");
    if (plugin.readable) this.#requireCover("the password");
    this.#plugin = name;
    this.#nonce = Buffer.from(nonce);
    // The salt of PARSEC, and the key that sha256_password asks for without TLS.
    this.#mayContinue = name === "parsec" || (name === "sha256_password" && !this.#isTls && this.#password.length > 0);
    return plugin.answer(this.#password, nonce, this.#isTls);
  }

  /** A server in the middle would send a key of its own: without TLS the encrypted password is no better than a readable one. */
  #requireCover(what: string): void {
    if (!this.#isTls && !this.login.allowPlaintext)
      throw failureError(
        "auth",
        "not_permitted",
        `the server wants ${what}, which is not sent without TLS: set tls.mode, or allow it with auth.allow_plaintext`,
      );
  }
}
