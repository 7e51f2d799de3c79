-- Times are nanoseconds since 1970 (UTC). Truth values are 0 and 1. Bodies are zlib over JSON.
PRAGMA application_id = 0x6b68696e; -- "khin": this file is ours

CREATE TABLE inventory (
    id       INTEGER PRIMARY KEY,
    province TEXT NOT NULL,
    path     TEXT NOT NULL,
    UNIQUE (province, path)
) STRICT;

CREATE TABLE run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    inventory  INTEGER NOT NULL REFERENCES inventory,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,                       -- NULL: unfinished, can be resumed
    vantage    TEXT    NOT NULL,
    inside     INTEGER NOT NULL CHECK (inside IN (0, 1)),
    scanner    TEXT    NOT NULL,
    rules_hash TEXT    NOT NULL,
    method     TEXT    NOT NULL,
    profile    TEXT,
    partial    INTEGER NOT NULL CHECK (partial IN (0, 1)),
    complete   INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1)),
    degraded   INTEGER NOT NULL DEFAULT 0 CHECK (degraded IN (0, 1))
) STRICT;
CREATE INDEX run_of_inventory ON run (inventory, started_at);

-- Names the holder; the lock itself is held on a file beside this one, so that it dies with its process.
CREATE TABLE lock (
    inventory INTEGER PRIMARY KEY REFERENCES inventory ON DELETE CASCADE,
    run       INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    pid       INTEGER NOT NULL,
    host      TEXT    NOT NULL,
    since     INTEGER NOT NULL
) STRICT;
CREATE INDEX lock_of_run ON lock (run);

-- A document or a list of findings, stored once however often it was seen.
CREATE TABLE body (
    id     INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    data   BLOB NOT NULL
) STRICT;

-- A site as seen from one vantage point: what is seen from inside says nothing about outside.
CREATE TABLE site (
    id        INTEGER PRIMARY KEY,
    inventory INTEGER NOT NULL REFERENCES inventory,
    vantage   TEXT    NOT NULL,
    inside    INTEGER NOT NULL CHECK (inside IN (0, 1)),
    host      TEXT    NOT NULL,
    port      INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
    UNIQUE (inventory, vantage, inside, host, port)
) STRICT;

-- A site's turn in a run: planned, and once `at` is there, finished. A patch holds the few values that differ from
-- the body.
CREATE TABLE visit (
    run               INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    site              INTEGER NOT NULL REFERENCES site,
    at                INTEGER,
    observation       INTEGER REFERENCES body,
    observation_patch BLOB,
    findings          INTEGER REFERENCES body,
    findings_patch    BLOB,
    PRIMARY KEY (run, site),
    CHECK ((at IS NULL) = (observation IS NULL) AND (at IS NULL) = (findings IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_of_site ON visit (site, run);
CREATE INDEX visit_of_observation ON visit (observation) WHERE observation IS NOT NULL;
CREATE INDEX visit_of_findings ON visit (findings) WHERE findings IS NOT NULL;

-- Conclusive verdicts, one row as long as they stay the same.
CREATE TABLE streak (
    site     INTEGER NOT NULL REFERENCES site ON DELETE CASCADE,
    rule     TEXT    NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    verdict  TEXT    NOT NULL CHECK (verdict IN ('pass', 'fail', 'not_applicable')),
    PRIMARY KEY (site, rule, first_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate (
    sha256    BLOB    PRIMARY KEY CHECK (length(sha256) = 32),
    last_seen INTEGER NOT NULL,
    der       BLOB    NOT NULL
) STRICT;

CREATE TABLE scorecard (
    run        INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    unit       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    block      TEXT,
    score      INTEGER,
    base       INTEGER,
    low        INTEGER,
    high       INTEGER,
    tested     INTEGER NOT NULL,
    applicable INTEGER NOT NULL,
    percent    INTEGER NOT NULL,
    grade      TEXT,
    rank       INTEGER,
    PRIMARY KEY (run, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX scorecard_of_unit ON scorecard (unit, run);
