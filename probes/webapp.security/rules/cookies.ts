import { fieldValues } from "../../../runner/net/http/message.js";
import { cookieFaults, isDeletion, readCookie } from "../cookie.js";
import { not, pass, type Rules } from "./rule.js";

export const COOKIES: Rules = {
  cookies({ fields, url }) {
    const cookies = fieldValues(fields, "set-cookie").map(readCookie);
    const kept = cookies.filter((cookie) => !isDeletion(cookie, Date.now()));
    if (kept.length === 0) return not("not_applicable", cookies.length === 0 ? "no cookie is set" : "cookies are only deleted", []);
    const weak = kept.flatMap((cookie) => cookieFaults(cookie, url));
    // Its value is the visitor's secret: only its name is shown.
    return weak.length === 0
      ? pass(
          "cookies are protected",
          kept.map(({ name }) => name),
        )
      : not("warning", "cookies lack attributes", weak, "Set-Cookie: …; Secure; HttpOnly; SameSite=Lax");
  },
};
