-- Sweeps over settings, and each setting that was tried.
CREATE TABLE sweeps (
    sweep_id     VARCHAR PRIMARY KEY,
    suite        VARCHAR NOT NULL,          -- name
    suite_path   VARCHAR NOT NULL,          -- absolute folder
    suite_hash   VARCHAR NOT NULL,
    search       VARCHAR NOT NULL,          -- grid, random, bayesian
    goal         VARCHAR NOT NULL,          -- the measure that chooses
    space        JSON NOT NULL,             -- [{name, values}] or [{name, low, high, log}]
    base         JSON NOT NULL,             -- PipelineSettings that the sweep starts from
    options      JSON NOT NULL,             -- seed, limit, trials
    provenance   JSON NOT NULL,             -- versions, commit, command
    status       VARCHAR NOT NULL,          -- running, finished, interrupted, failed
    planned      INTEGER NOT NULL,          -- trials asked for, the baseline among them
    message      VARCHAR NOT NULL,          -- what it is doing
    cases        INTEGER,                   -- questions that each trial answers
    halves       JSON,                      -- {choosing, held_out}: places of the questions in each half
    embedded     BIGINT,                    -- documents embedded for this sweep, and taken from the token index
    reused       BIGINT,
    pid          INTEGER NOT NULL,
    started_at   TIMESTAMP NOT NULL,
    heartbeat_at TIMESTAMP NOT NULL,
    ended_at     TIMESTAMP,
    seconds      DOUBLE NOT NULL DEFAULT 0, -- time spent working, over all resumes
    result       JSON,                      -- best, front, comparison, importance
    error        VARCHAR
);
CREATE TABLE trials (
    sweep_id   VARCHAR NOT NULL,
    number     INTEGER NOT NULL,            -- 0 is the baseline
    status     VARCHAR NOT NULL,            -- finished, skipped
    settings   JSON NOT NULL,               -- the varied settings
    reason     VARCHAR,                     -- of a skipped one
    measures   JSON NOT NULL,               -- on the half that chooses: {name: {mean, low, high, scored, total}}
    per_case   JSON NOT NULL,               -- {name: [value of each case]}
    chunks     INTEGER,
    latency_ms DOUBLE,                      -- predicted, of one question
    cost_usd   DOUBLE,
    exact      BOOLEAN,                     -- false: chunk vectors are pooled from token vectors
    seconds    DOUBLE NOT NULL,
    ended_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (sweep_id, number)
);
