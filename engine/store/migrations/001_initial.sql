-- Runs, their cases and scores, corpora and their documents, jobs, samples of the machine.
-- Times are UTC. JSON columns hold what is only ever read whole.
CREATE TABLE runs (
    run_id        VARCHAR PRIMARY KEY,
    suite         VARCHAR NOT NULL,          -- name
    suite_path    VARCHAR NOT NULL,          -- absolute folder
    suite_hash    VARCHAR NOT NULL,
    suite_cases   INTEGER NOT NULL,          -- cases in the suite
    target        VARCHAR NOT NULL,
    preset        VARCHAR,
    settings      JSON NOT NULL,             -- PipelineSettings
    provenance    JSON NOT NULL,             -- versions, commit, model hash, machine, seed, limit
    status        VARCHAR NOT NULL,          -- running, finished, interrupted, failed
    cases         INTEGER NOT NULL,          -- asked for
    pid           INTEGER NOT NULL,
    started_at    TIMESTAMP NOT NULL,
    heartbeat_at  TIMESTAMP NOT NULL,        -- a running run without a heartbeat for 30 s was killed
    ended_at      TIMESTAMP,
    seconds       DOUBLE NOT NULL DEFAULT 0, -- time spent working, over all resumes
    memory        JSON,                      -- rss_mb, peak_mb, growth_mb, accuracy, leak
    error         VARCHAR
);
CREATE TABLE cases (
    run_id          VARCHAR NOT NULL,
    case_id         VARCHAR NOT NULL,
    position        INTEGER NOT NULL,        -- line order in the suite
    kind            VARCHAR NOT NULL,
    status          VARCHAR NOT NULL,        -- passed, failed, error, unscored
    question        VARCHAR NOT NULL,        -- a conversation's: its turns' questions, one a line
    answer          VARCHAR,
    abstained       BOOLEAN,
    context_quality DOUBLE,
    latency_ms      DOUBLE,                  -- total; a conversation's: mean of its turns
    tags            VARCHAR[] NOT NULL,
    checks          JSON NOT NULL,           -- {name: true/false}
    detail          JSON NOT NULL,           -- retrieved, contexts, sentences, citations, timings_ms, tokens, turns, expected, error
    ended_at        TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, case_id)
);
CREATE TABLE scores (
    run_id   VARCHAR NOT NULL,
    case_id  VARCHAR NOT NULL,
    measure  VARCHAR NOT NULL,
    status   VARCHAR NOT NULL,               -- scored, failed, not_applicable
    value    DOUBLE,                         -- NULL unless scored
    reason   VARCHAR,
    PRIMARY KEY (run_id, case_id, measure)
);
CREATE TABLE corpora (
    corpus            VARCHAR PRIMARY KEY,
    sources           JSON NOT NULL,         -- absolute paths that were ingested
    settings          JSON NOT NULL,         -- PipelineSettings of the newest ingest
    index_fingerprint VARCHAR NOT NULL,
    documents         INTEGER NOT NULL,
    chunks            INTEGER NOT NULL,
    characters        BIGINT NOT NULL,
    skipped           JSON NOT NULL,         -- [{path, reason}]
    seconds           DOUBLE NOT NULL,
    updated_at        TIMESTAMP NOT NULL
);
CREATE TABLE documents (
    corpus       VARCHAR NOT NULL,
    document     VARCHAR NOT NULL,
    title        VARCHAR NOT NULL,
    source       VARCHAR NOT NULL,
    content_type VARCHAR NOT NULL,
    content_hash VARCHAR NOT NULL,
    characters   INTEGER NOT NULL,
    chunks       INTEGER NOT NULL,
    PRIMARY KEY (corpus, document)
);
CREATE TABLE jobs (
    job_id      VARCHAR PRIMARY KEY,
    kind        VARCHAR NOT NULL,            -- run, ingest
    title       VARCHAR NOT NULL,
    subject     VARCHAR NOT NULL,            -- run_id or corpus
    pid         INTEGER NOT NULL,
    status      VARCHAR NOT NULL,            -- running, finished, interrupted, failed
    done        INTEGER NOT NULL,
    total       INTEGER NOT NULL,
    message     VARCHAR NOT NULL,
    log_path    VARCHAR,
    started_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL
);
CREATE TABLE preferences (
    name       VARCHAR PRIMARY KEY,          -- what the Settings screen saves, one JSON value each
    value      JSON NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
