/** In the file's header, so that no other SQLite file is taken for a history. */
export const APPLICATION_ID = 0x70726877;

/** Outcomes are stored as their place in this list. */
export const OUTCOMES = ["ok", "warning", "error", "unknown", "suppressed", "maintenance"] as const;

const FIRST = `
  CREATE TABLE checks (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    suite TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL
  );
  CREATE TABLE results (
    check_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    duration_us INTEGER,
    PRIMARY KEY (check_id, at)
  ) WITHOUT ROWID;
  CREATE TABLE evidence (
    check_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    output TEXT,
    PRIMARY KEY (check_id, at)
  ) WITHOUT ROWID;
  CREATE TABLE hours (
    check_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    ok INTEGER NOT NULL DEFAULT 0,
    warning INTEGER NOT NULL DEFAULT 0,
    error INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    suppressed INTEGER NOT NULL DEFAULT 0,
    duration_us INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (check_id, hour)
  ) WITHOUT ROWID;
  CREATE TABLE incidents (
    check_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    is_flapping INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (check_id, number)
  ) WITHOUT ROWID;
  CREATE TABLE outbox (
    id TEXT NOT NULL,
    receiver TEXT NOT NULL,
    body TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (id, receiver)
  );
  CREATE INDEX outbox_waiting ON outbox (receiver) WHERE ended_at IS NULL;
`;

/** What each version adds to the one before it: a file of an older version gets what it lacks. A step never changes: files have it already. */
export const SCHEMA_STEPS: readonly string[] = [
  FIRST,
  "ALTER TABLE outbox ADD COLUMN batch INTEGER",
  "ALTER TABLE hours ADD COLUMN maintenance INTEGER NOT NULL DEFAULT 0",
  `ALTER TABLE hours ADD COLUMN good_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE hours ADD COLUMN bad_ms INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE certificates (
    suite TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    subject TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    told INTEGER NOT NULL,
    is_over INTEGER NOT NULL,
    checks TEXT NOT NULL,
    PRIMARY KEY (suite, fingerprint)
  ) WITHOUT ROWID;`,
  "ALTER TABLE hours ADD COLUMN durations TEXT; CREATE INDEX hours_open ON hours (hour) WHERE durations IS NULL",
  "CREATE TABLE log_positions (suite TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID",
  `ALTER TABLE hours ADD COLUMN operations TEXT;
  CREATE TABLE days (
    check_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    warning INTEGER NOT NULL,
    error INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    suppressed INTEGER NOT NULL,
    maintenance INTEGER NOT NULL,
    good_ms INTEGER NOT NULL,
    bad_ms INTEGER NOT NULL,
    durations TEXT NOT NULL,
    operations TEXT NOT NULL,
    PRIMARY KEY (check_id, day)
  ) WITHOUT ROWID;
  CREATE TABLE rolled (day INTEGER NOT NULL, check_id INTEGER NOT NULL);`,
  "ALTER TABLE certificates RENAME COLUMN told TO warned_level",
  `CREATE TABLE certificate_checks (
    suite TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (suite, fingerprint, name)
  ) WITHOUT ROWID;
  INSERT INTO certificate_checks SELECT suite, fingerprint, value FROM certificates, json_each(certificates.checks);
  ALTER TABLE certificates DROP COLUMN checks;`,
];
