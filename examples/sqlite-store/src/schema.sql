-- The tables of the store. Keys are 64 hexadecimal digits, identifiers of grants 32, times are Unix seconds.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;

CREATE TABLE IF NOT EXISTS clients (
    client_id TEXT PRIMARY KEY,
    registration TEXT,
    record TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS one_time_records (
    key TEXT PRIMARY KEY,
    second_key TEXT UNIQUE,
    grant_id TEXT NOT NULL,
    user_id TEXT,
    client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    used INTEGER NOT NULL DEFAULT FALSE,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS one_time_records_grant ON one_time_records (grant_id);
CREATE INDEX IF NOT EXISTS one_time_records_user ON one_time_records (user_id);
CREATE INDEX IF NOT EXISTS one_time_records_client ON one_time_records (client_id);
CREATE INDEX IF NOT EXISTS one_time_records_end ON one_time_records (expires_at);

CREATE TABLE IF NOT EXISTS tokens (
    -- Tells which of several tokens was saved last.
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    grant_id TEXT NOT NULL,
    family TEXT NOT NULL,
    user_id TEXT,
    client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
    -- The token from which this one was exchanged.
    subject TEXT REFERENCES tokens (key) ON DELETE CASCADE,
    reuse_key TEXT,
    expires_at INTEGER,
    sealed_until INTEGER,
    replaced INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tokens_grant ON tokens (grant_id);
CREATE INDEX IF NOT EXISTS tokens_family ON tokens (family);
CREATE INDEX IF NOT EXISTS tokens_user ON tokens (user_id, grant_id);
CREATE INDEX IF NOT EXISTS tokens_client ON tokens (client_id);
CREATE INDEX IF NOT EXISTS tokens_subject ON tokens (subject);
CREATE INDEX IF NOT EXISTS tokens_reuse ON tokens (reuse_key);
CREATE INDEX IF NOT EXISTS tokens_end ON tokens (expires_at);
CREATE INDEX IF NOT EXISTS tokens_seal ON tokens (sealed_until);

CREATE TABLE IF NOT EXISTS attempts (
    purpose TEXT NOT NULL,
    key TEXT NOT NULL,
    count INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, key)
);
CREATE INDEX IF NOT EXISTS attempts_end ON attempts (ends_at);

CREATE TABLE IF NOT EXISTS one_time_values (
    purpose TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, key)
);
CREATE INDEX IF NOT EXISTS one_time_values_end ON one_time_values (expires_at);

-- The latest time of a purge. A value that would expire until then may have been removed.
CREATE TABLE IF NOT EXISTS purged (until INTEGER NOT NULL);
INSERT INTO purged (until) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM purged);
