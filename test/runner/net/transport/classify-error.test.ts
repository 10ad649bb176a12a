import { describe, expect, test } from "vitest";
import { codeOf, failureOf, wordsOf } from "../../../../runner/net/transport/classify-error.js";
import { interleave } from "../../../../runner/net/transport/resolve.js";
import type { FailureCode } from "../../../../schemas/failure.js";

const error = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`connect ${code}`), { code });

describe("the failure codes of system errors", () => {
  test.each<[FailureCode, string[]]>([
    ["dns_not_found", ["ENOTFOUND", "ENODATA"]],
    ["dns_failure", ["EAI_AGAIN", "ESERVFAIL", "EREFUSED", "EFORMERR", "ENOTIMP", "EBADRESP"]],
    ["refused", ["ECONNREFUSED"]],
    ["unreachable", ["EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EADDRNOTAVAIL"]],
    ["reset", ["ECONNRESET", "ECONNABORTED", "EPIPE"]],
    ["timeout", ["ETIMEDOUT", "ETIMEOUT"]],
    ["not_permitted", ["EACCES", "EPERM"]],
    ["limit_exceeded", ["EMFILE", "ENFILE", "ENOBUFS", "EADDRINUSE"]],
    ["unsupported", ["EAFNOSUPPORT", "EINVAL"]],
    ["tls_protocol", ["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "ERR_TLS_CERT_ALTNAME_INVALID", "ERR_OSSL_UNSUPPORTED"]],
  ])("%s", (expected, names) => {
    for (const name of names) expect([name, codeOf(error(name))]).toEqual([name, expected]);
  });

  test("every error of connecting has a code", () => {
    const ofConnect =
      "EACCES EPERM EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT ECONNREFUSED ECONNRESET ECONNABORTED EHOSTUNREACH ENETUNREACH ENETDOWN EHOSTDOWN ETIMEDOUT EMFILE ENFILE ENOBUFS ENOMEM EINVAL EPIPE EPROTO";
    expect(ofConnect.split(" ").filter((name) => codeOf(error(name)) === "unknown")).toEqual([]);
  });

  test("an error outside the table is unknown, with its message", () => {
    expect(failureOf("connect", error("EWHATEVER")).failure).toMatchObject({ phase: "connect", code: "unknown", message: "connect EWHATEVER" });
    expect(codeOf(new Error("no code"))).toBe("unknown");
    expect(wordsOf(error("ECONNREFUSED"))).toBe("connection refused (ECONNREFUSED)");
  });
});

describe("RFC 8305: address families alternate", () => {
  const v4 = (last: number) => ({ address: `192.0.2.${last}`, family: 4 as const });
  const v6 = (last: number) => ({ address: `2001:db8::${last}`, family: 6 as const });
  test.each([
    ["none", [], []],
    ["one family only", [v4(1), v4(2)], [v4(1), v4(2)]],
    ["as many of each", [v6(1), v6(2), v4(1), v4(2)], [v6(1), v4(1), v6(2), v4(2)]],
    ["more of the first", [v6(1), v6(2), v6(3), v4(1)], [v6(1), v4(1), v6(2), v6(3)]],
    ["more of the second", [v4(1), v6(1), v6(2), v6(3)], [v4(1), v6(1), v6(2), v6(3)]],
  ])("%s", (_case, given, expected) => {
    expect(interleave(given)).toEqual(expected);
  });
});
