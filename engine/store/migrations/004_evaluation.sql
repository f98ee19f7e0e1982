-- Evaluation as evidence: targets and judges that were set up, the queue, what people say of cases and phases, benchmarks.
ALTER TABLE runs ADD COLUMN options JSON;        -- measures, judge, repeats, case_timeout_s, budget_usd, budget_minutes, group, repetition
ALTER TABLE runs ADD COLUMN cost_usd DOUBLE;     -- of the target's and the judge's models, where their price is known
ALTER TABLE scores ADD COLUMN judge VARCHAR;     -- who judged; NULL is a measure that needs no model
ALTER TABLE scores ADD COLUMN prompt_hash VARCHAR;
ALTER TABLE scores ADD COLUMN repeats DOUBLE[];  -- the value of each repetition; ``value`` is their mean
ALTER TABLE scores ADD COLUMN cost_usd DOUBLE;
CREATE TABLE targets (
    name       VARCHAR PRIMARY KEY,
    kind       VARCHAR NOT NULL,                 -- http, callable
    config     JSON NOT NULL,
    updated_by VARCHAR NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE judges (
    name       VARCHAR PRIMARY KEY,
    config     JSON NOT NULL,                    -- model, temperature, repeats, concurrency, rubrics, ...
    updated_by VARCHAR NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE judge_answers (                     -- cache by (prompt, model, settings, repetition)
    key               VARCHAR PRIMARY KEY,
    model             VARCHAR NOT NULL,
    answer            VARCHAR NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd          DOUBLE,
    made_at           TIMESTAMP NOT NULL
);
CREATE TABLE queue (
    queue_id   VARCHAR PRIMARY KEY,              -- sorts by time
    kind       VARCHAR NOT NULL,                 -- run, rescore
    title      VARCHAR NOT NULL,
    subject    VARCHAR NOT NULL,                 -- run_id
    arguments  JSON NOT NULL,                    -- of python -m engine
    status     VARCHAR NOT NULL,                 -- waiting, started, ended, cancelled
    exit_code  INTEGER,
    pid        INTEGER,
    queued_by  VARCHAR NOT NULL,
    queued_at  TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    ended_at   TIMESTAMP
);
CREATE TABLE run_marks (
    run_id     VARCHAR PRIMARY KEY,
    pinned     BOOLEAN NOT NULL,
    tags       VARCHAR[] NOT NULL,
    note       VARCHAR NOT NULL,
    updated_by VARCHAR NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE labels (
    run_id      VARCHAR NOT NULL,
    case_id     VARCHAR NOT NULL,
    author      VARCHAR NOT NULL,
    label       VARCHAR NOT NULL,                -- right, wrong, unsure
    note        VARCHAR NOT NULL,
    labelled_at TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, case_id, author)
);
CREATE TABLE suite_versions (
    suite_path VARCHAR NOT NULL,                 -- absolute folder
    hash       VARCHAR NOT NULL,                 -- of suite.yaml and cases.jsonl
    suite      VARCHAR NOT NULL,
    cases      INTEGER NOT NULL,
    note       VARCHAR NOT NULL,
    saved_by   VARCHAR NOT NULL,
    saved_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (suite_path, hash)
);
CREATE TABLE proposals (                         -- generated cases that wait for a person
    proposal_id VARCHAR PRIMARY KEY,
    suite_path  VARCHAR NOT NULL,
    content     JSON NOT NULL,                   -- the case as in cases.jsonl
    origin      VARCHAR NOT NULL,                -- heading, definition, number, model name
    status      VARCHAR NOT NULL,                -- open, accepted, rejected
    made_at     TIMESTAMP NOT NULL,
    decided_by  VARCHAR,
    decided_at  TIMESTAMP
);
CREATE TABLE audit_trail (
    entry_id VARCHAR PRIMARY KEY,                -- sorts by time
    happened_at TIMESTAMP NOT NULL,
    who      VARCHAR NOT NULL,
    action   VARCHAR NOT NULL,                   -- goal changed, phase signed, waiver given, ...
    subject  VARCHAR NOT NULL,                   -- roadmap, roadmap/phase, suite, ...
    before   JSON,
    after    JSON,
    reason   VARCHAR NOT NULL
);
CREATE TABLE sign_offs (
    sign_off_id   VARCHAR PRIMARY KEY,
    roadmap       VARCHAR NOT NULL,
    phase         INTEGER NOT NULL,
    who           VARCHAR NOT NULL,
    role          VARCHAR NOT NULL,
    signed_at TIMESTAMP NOT NULL,
    verdict       VARCHAR NOT NULL,
    policy        VARCHAR NOT NULL,
    evidence_hash VARCHAR NOT NULL,              -- sha256 over evidence, canonical JSON
    evidence      JSON NOT NULL,
    note          VARCHAR NOT NULL,
    revoked_by    VARCHAR,
    revoked_at    TIMESTAMP,
    revoke_reason VARCHAR
);
CREATE TABLE waivers (
    waiver_id       VARCHAR PRIMARY KEY,
    roadmap         VARCHAR NOT NULL,
    phase           INTEGER NOT NULL,
    kpi             VARCHAR NOT NULL,
    goal            VARCHAR NOT NULL,            -- as it stood, such as > 0.75: a goal that was changed since is not waived
    who             VARCHAR NOT NULL,
    given_at TIMESTAMP NOT NULL,
    reason          VARCHAR NOT NULL,
    expires_on      DATE NOT NULL,               -- the last day that it holds
    withdrawn_by    VARCHAR,
    withdrawn_at    TIMESTAMP
);
CREATE TABLE ticks (                             -- checklist items and goals that a person confirms
    roadmap VARCHAR NOT NULL,
    item    VARCHAR NOT NULL,                    -- id of a checklist item, or a KPI
    done    BOOLEAN NOT NULL,
    value   DOUBLE,                              -- the figure that the person states, where the goal is a number
    link    VARCHAR NOT NULL,
    note    VARCHAR NOT NULL,
    who     VARCHAR NOT NULL,
    ticked_at TIMESTAMP NOT NULL,
    PRIMARY KEY (roadmap, item)
);
CREATE TABLE confidence (                        -- how sure the team is, week by week
    roadmap VARCHAR NOT NULL,
    week    DATE NOT NULL,                       -- its Monday
    value   DOUBLE NOT NULL,                     -- 0 to 1
    note    VARCHAR NOT NULL,
    who     VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    PRIMARY KEY (roadmap, week)
);
CREATE TABLE benchmarks (
    bench_id VARCHAR PRIMARY KEY,                -- sorts by time
    name     VARCHAR NOT NULL,
    measured_at TIMESTAMP NOT NULL,
    machine  VARCHAR NOT NULL,
    commit   VARCHAR,
    data     VARCHAR NOT NULL,                   -- name of the data folder, or empty
    settings JSON NOT NULL,
    figures  JSON NOT NULL,
    stand_in BOOLEAN NOT NULL,                   -- measured on a scripted server: no data at a gate
    seconds  DOUBLE NOT NULL
);
CREATE TABLE run_audits (
    run_id     VARCHAR PRIMARY KEY,
    checked    INTEGER NOT NULL,
    agreed     INTEGER NOT NULL,
    findings   JSON NOT NULL,                    -- [{figure, shown, recomputed, source, agrees}]
    audited_at TIMESTAMP NOT NULL
);
CREATE TABLE validations (
    validation_id VARCHAR PRIMARY KEY,
    roadmap       VARCHAR NOT NULL,
    phase         INTEGER NOT NULL,
    status        VARCHAR NOT NULL,              -- running, finished, interrupted, failed
    parts         JSON NOT NULL,                 -- [{name, title, status, verdict, reason, runs, figures, seconds}]
    verdict       VARCHAR,
    report        JSON,                          -- paths of the files written
    pid           INTEGER NOT NULL,
    started_at    TIMESTAMP NOT NULL,
    heartbeat_at  TIMESTAMP NOT NULL,
    ended_at      TIMESTAMP,
    error         VARCHAR
);
