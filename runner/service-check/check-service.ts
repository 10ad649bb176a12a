import type { Failure } from "../../schemas/failure.js";
import type { Finding } from "../../schemas/finding.js";
import type { TlsMode } from "../../schemas/service.js";
import type { TlsInput } from "../../schemas/tls.js";
import type { SecureOptions } from "../net/transport/secure-options.js";
import { secureOptionsOf } from "../net/transport/secure-options.js";
import { requireTrusted } from "../net/transport/tls.js";
import { failureError } from "../run/failure-error.js";
import { statusOf } from "../run/judge.js";
import { addOnce, commonAnomalies } from "./anomalies.js";
import { judge, keywordsOf, offersTls } from "./judge.js";
import { type Opening, openByMode, type Way } from "./open-by-mode.js";
import { sayGoodbye } from "./say-goodbye.js";
import type { Service, ServiceContext, ServiceEvidence, ServiceInput, ServiceSession, SessionTarget } from "./service.js";
import { upgrade } from "./starttls.js";

/**
 * The course of every service with a greeting: connect, TLS, greeting, capabilities, STARTTLS and capabilities again, NOOP, login, what the probe
 * asks, goodbye; then anomalies and expectations. The protocol provides its verbs; the evidence has what was learned, whatever failed.
 *
 * Steps that wait for one reply are promises with a callback, not async functions: an async function keeps all its variables while it waits, and the
 * garbage collector moves them for each of the runs that wait at once.
 */
export function checkService<Session extends ServiceSession, Input extends ServiceInput, Evidence extends ServiceEvidence>(
  service: Service<Session, Input, Evidence>,
  ctx: ServiceContext,
  input: Input,
  evidence: Evidence,
): Promise<Evidence> {
  const check = new Check(service, ctx, input, evidence);
  return ctx.attempt(() => check.run()).then((failure) => check.conclude(failure));
}

/** As given in the input, otherwise by the port. */
export function tlsModeOf({ implicitTlsPort }: { readonly implicitTlsPort: number | null }, input: ServiceInput): TlsMode {
  return input.tls.mode ?? (input.target_port === implicitTlsPort ? "implicit" : "opportunistic");
}

/** What a connection needs. A copy of the whole input would be the largest object of a run. */
function targetOf(input: ServiceInput): SessionTarget {
  const { target_host: host, target_port: port, address_family, source_address, resolver, connect_timeout_ms, command_timeout_ms } = input;
  const target: SessionTarget = { host, port, address_family, connect_timeout_ms, command_timeout_ms };
  if (source_address !== undefined) target.source_address = source_address;
  if (resolver !== undefined) target.resolver = resolver;
  return target;
}

class Check<Session extends ServiceSession, Input extends ServiceInput, Evidence extends ServiceEvidence> implements Opening<Session> {
  readonly mode: TlsMode;
  readonly #began: number;

  constructor(
    readonly service: Service<Session, Input, Evidence>,
    readonly ctx: ServiceContext,
    readonly input: Input,
    readonly evidence: Evidence,
  ) {
    this.mode = tlsModeOf(service, input);
    this.#began = ctx.clock.now();
  }

  async run(): Promise<void> {
    const { service, input, evidence } = this;
    const session = await openByMode(this);
    try {
      // If the protocol allows it, NOOP comes before the login, so that a wrong password does not prevent its measurement.
      if (service.noopNeedsLogin !== true) await this.#timeNoop(session);
      if (input.auth !== undefined) await service.logIn(session, input.auth as NonNullable<Input["auth"]>, evidence);
      const asked = service.ask?.(session, input, evidence) ?? null;
      if (asked !== null) await asked;
      if (input.auth !== undefined) await this.#askAfterLogin(session);
    } catch (error) {
      // The run's failure is what ended it; a goodbye that fails afterwards is not reported.
      await sayGoodbye(service.goodbye, session);
      throw error;
    } finally {
      this.#noteAnomalies(session);
    }
    evidence.findings.push(...(await sayGoodbye(service.goodbye, session)));
  }

  /** Judges what was learned. */
  conclude(failure: Failure | null): Evidence {
    const { service, input, evidence } = this;
    evidence.failure = failure;
    service.conclude?.(evidence);
    judge(service, input, evidence, this.ctx.clock.now() - this.#began);
    evidence.status = statusOf(failure, evidence.findings);
    return evidence;
  }

  get min_version(): TlsInput["min_version"] {
    return this.input.tls.min_version;
  }

  isEnded(): boolean {
    return this.ctx.signal.aborted;
  }

  async open(way: Way): Promise<Session> {
    const { service, ctx, input, evidence } = this;
    const session = await service.connect(ctx, targetOf(input), evidence.attempts);
    try {
      if (this.mode === "implicit") await session.secure(this.#secureOptions(way));
      await service.greet(session, evidence);
      this.#keepTls(session);
      await service.introduce(session, input, evidence);
      if (way !== "none" && this.mode !== "implicit") await this.#upgrade(session, way);
      return session;
    } catch (error) {
      evidence.tls ??= session.connection.tls;
      await sayGoodbye(service.goodbye, session);
      this.#noteAnomalies(session);
      throw error;
    }
  }

  async #upgrade(session: Session, way: Way): Promise<void> {
    const { service, input, evidence } = this;
    const { verb, expected, ask, obstacle } = service.starttls;
    const found = obstacle?.(evidence) ?? null;
    if (found !== null) return this.#stayInTheClear(found);
    const inTheClear = evidence.capabilities;
    const isSecured = await upgrade(
      {
        verb,
        expected,
        mode: this.mode,
        isOffered: offersTls(service.starttls, inTheClear, this.mode === "starttls"),
        ask: () => ask(session, this.#secureOptions(way)),
        isMalformed: () => session.parser.malformed !== null,
      },
      evidence,
    );
    if (!isSecured) return;
    // An attacker may have changed the capabilities in plain text (RFC 3207, section 4.2), so they are requested again.
    evidence.capabilities_before_tls = inTheClear;
    evidence.capabilities = null;
    this.#keepTls(session);
    await service.introduce(session, input, evidence);
  }

  #stayInTheClear(obstacle: Finding): void {
    if (this.mode === "starttls") throw failureError("starttls", "unsupported", obstacle.message);
    this.evidence.findings.push(obstacle);
  }

  async #askAfterLogin(session: Session): Promise<void> {
    const { service, evidence } = this;
    if (service.noopNeedsLogin === true) await this.#timeNoop(session);
    await service.capabilitiesAfterLogin?.(session, evidence);
  }

  #timeNoop(session: Session): Promise<void> {
    return this.service.noop(session).then(({ duration_ms: duration, refusal }) => {
      this.evidence.response_time_ms = duration;
      if (refusal !== null) throw refusal;
    });
  }

  #secureOptions(way: Way): SecureOptions {
    return { ...secureOptionsOf(this.input.tls, this.input.target_host), reducedHello: way === "reduced" };
  }

  /** The facts are stored before they are judged. */
  #keepTls(session: Session): void {
    const { tls } = session.connection;
    const { verify, servername } = this.input.tls;
    this.evidence.tls = tls;
    if (tls !== null && verify === "require") requireTrusted(tls, servername ?? this.input.target_host);
  }

  /** The server's violations of the standard, over all of the run's connections. */
  #noteAnomalies(session: Session): void {
    const { service, evidence } = this;
    const { clearTextOnly = [] } = service;
    const isPlain = evidence.tls === null && evidence.capabilities_before_tls === null && session.parser.oddities.length === 0;
    // Most runs have none of them.
    const common = isPlain
      ? []
      : commonAnomalies({
          oddities: session.parser.oddities,
          isSecured: evidence.tls !== null,
          verb: service.starttls.verb,
          capabilities: keywordsOf(evidence.capabilities),
          capabilitiesBeforeTls: keywordsOf(evidence.capabilities_before_tls)?.filter((keyword) => !clearTextOnly.includes(keyword)) ?? null,
        });
    addOnce(evidence.anomalies, [...common, ...(service.anomalies?.(session, evidence) ?? [])]);
  }
}
