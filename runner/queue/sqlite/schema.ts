/** Says that a file is a queue of ours (PRAGMA application_id): "prbq". */
export const APPLICATION_ID = 0x70726271;
/** Of the tables below (PRAGMA user_version). */
export const SCHEMA_VERSION = 2;

/** One table a channel. */
export type TableName = "job" | "result";

/** What a message is just now. The numbers are stored. */
export const STATE = {
  ready: 0,
  delayed: 1,
  leased: 2,
  /** Due, and held back by a limit of its key: out of the way of the others. */
  parked: 3,
  /** Worked off: only its id is kept, to know a duplicate by. */
  done: 4,
  dead: 5,
} as const;

export const SCHEMA = `
  CREATE TABLE clock (boot TEXT NOT NULL, base REAL NOT NULL, seen REAL NOT NULL) STRICT;
  ${channelTables("job")}
  ${channelTables("result")}
`;

/** From each version to the next. */
export const MIGRATIONS: Readonly<Record<number, string>> = {
  1: (["job", "result"] as const)
    .map(
      (name) => `ALTER TABLE ${name} ADD COLUMN kept TEXT;
      ALTER TABLE ${name} ADD COLUMN part INTEGER NOT NULL DEFAULT 1;
      ALTER TABLE ${name} ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;`,
    )
    .join("\n"),
};

/**
 * `due` is null for what is ready or parked; else the moment, on the store's clock, at which a delay or a lease ends, a done
 * id may be forgotten, or a letter died. A partial index serves a query only where the query says what the index says:
 * hence \`due IS NOT NULL\`, which every comparison with it implies.
 */
function channelTables(name: TableName): string {
  return `
  CREATE TABLE ${name} (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    key TEXT,
    priority INTEGER NOT NULL,
    state INTEGER NOT NULL,
    due INTEGER,
    attempt INTEGER NOT NULL,
    lease INTEGER,
    failure TEXT,
    kept TEXT,
    part INTEGER NOT NULL DEFAULT 1,
    weight INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX ${name}_ready ON ${name} (priority DESC, sequence) WHERE state = ${STATE.ready};
  CREATE INDEX ${name}_due ON ${name} (state, due) WHERE due IS NOT NULL;
  CREATE INDEX ${name}_parked ON ${name} (key, priority DESC, sequence) WHERE state = ${STATE.parked};
  CREATE INDEX ${name}_leased ON ${name} (key) WHERE state = ${STATE.leased} AND key IS NOT NULL;
  CREATE TABLE ${name}_lane (key TEXT PRIMARY KEY, tokens REAL NOT NULL, filled REAL NOT NULL, opens REAL) STRICT, WITHOUT ROWID;
  CREATE INDEX ${name}_lane_opens ON ${name}_lane (opens) WHERE opens IS NOT NULL;
  CREATE TABLE ${name}_pause (since REAL NOT NULL) STRICT;`;
}
