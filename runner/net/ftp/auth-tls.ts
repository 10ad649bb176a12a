/** RFC 4217, section 4: the command that asks for TLS, and the code of the go-ahead. */
export const AUTH_TLS = { command: "AUTH TLS", goAhead: 234 } as const;
