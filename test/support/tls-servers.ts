import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "./programs.js";
import { type RunningDaemon, runDaemon } from "./run-daemon.js";

/** Keys of a certificate, as `openssl req` wants them. */
export const RSA = ["-newkey", "rsa:2048"];
export const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

/** Writes NAME.pem and NAME.key, for localhost. */
export function certificate(folder: string, name: string, key: readonly string[]): void {
  const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.pem`)];
  execFileSync("openssl", ["req", "-x509", "-nodes", "-subj", "/CN=localhost", "-days", "30", "-addext", "subjectAltName=DNS:localhost", ...key, ...files], {
    stdio: "ignore",
  });
}

/** nginx with these lines about TLS, and a certificate of each kind of key that they name (rsa, ec). */
export function startTlsNginx(keys: Readonly<Record<string, readonly string[]>>, tls: readonly string[]): Promise<RunningDaemon> {
  return runDaemon("nginx", programPath("nginx") as string, (folder, port) => {
    const files = Object.entries(keys).flatMap(([name, key]) => {
      certificate(folder, name, key);
      return [`ssl_certificate ${folder}/${name}.pem`, `ssl_certificate_key ${folder}/${name}.key`];
    });
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
    writeFileSync(
      join(folder, "nginx.conf"),
      [
        `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;`,
        `events {} http { access_log off; ${temporary.join(" ")}`,
        `server { listen 127.0.0.1:${port} ssl http2; server_name localhost; ${[...files, ...tls].map((line) => `${line};`).join(" ")} } }`,
      ].join("\n"),
    );
    return ["-p", folder, "-c", join(folder, "nginx.conf")];
  });
}

/** openssl's own server, with both kinds of certificate. It serves one connection after the other. */
export function startOpenssl(options: readonly string[]): Promise<RunningDaemon> {
  return runDaemon("openssl", programPath("openssl") as string, (folder, port) => {
    certificate(folder, "rsa", RSA);
    certificate(folder, "ec", EC);
    const [rsa, ec] = ["rsa", "ec"].map((name) => [join(folder, `${name}.pem`), join(folder, `${name}.key`)]) as [string[], string[]];
    const own = ["-cert", rsa[0], "-key", rsa[1], "-dcert", ec[0], "-dkey", ec[1]] as string[];
    return ["s_server", "-accept", `127.0.0.1:${port}`, ...own, "-www", "-quiet", ...options];
  });
}

/** Whatever OpenSSL still has. */
export const EVERYTHING_OF_NGINX = [
  "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3",
  "ssl_ciphers ALL:@SECLEVEL=0",
  "ssl_prefer_server_ciphers on",
  "ssl_ecdh_curve X25519:prime256v1:secp384r1",
];
export const EVERYTHING_OF_OPENSSL = ["-min_protocol", "TLSv1", "-cipher", "ALL:@SECLEVEL=0", "-serverpref", "-alpn", "h2,http/1.1"];
