-- Serving: models in priority order, prompts with versions, answers kept, every request and call, metrics in time, alerts.
CREATE TABLE providers (
    name       VARCHAR PRIMARY KEY,
    config     JSON NOT NULL,                    -- engine.providers.specs.ProviderSpec
    updated_by VARCHAR NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE TABLE prompts (
    name    VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    body    JSON NOT NULL,                       -- system, user
    hash    VARCHAR NOT NULL,                    -- sha256 over the body, twelve hex digits
    note    VARCHAR NOT NULL,
    made_by VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (name, version)
);
CREATE TABLE answer_cache (
    key           VARCHAR PRIMARY KEY,           -- sha256 over scope, question and history
    scope         VARCHAR NOT NULL,              -- sha256 over corpus, index version, settings, prompt and models
    corpus        VARCHAR NOT NULL,
    question      VARCHAR NOT NULL,
    vector        DOUBLE[],                      -- the question's, for the semantic tier
    answer        JSON NOT NULL,
    compute_ms    DOUBLE NOT NULL,               -- what a hit saves
    cost_usd      DOUBLE NOT NULL,
    made_at       TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL
);
CREATE TABLE requests (
    correlation_id VARCHAR PRIMARY KEY,
    asked_at       TIMESTAMP NOT NULL,
    door           VARCHAR NOT NULL,             -- screen, api, cli
    corpus         VARCHAR NOT NULL,
    session        VARCHAR NOT NULL,
    asker          VARCHAR NOT NULL,             -- who asked, or a hash of the address
    question       VARCHAR NOT NULL,             -- personal data redacted
    outcome        VARCHAR NOT NULL,             -- answered, abstained, degraded, refused, error, cancelled
    reason         VARCHAR NOT NULL,             -- of degraded, refused and error
    cache_tier     VARCHAR,
    provider       VARCHAR NOT NULL,
    total_ms       DOUBLE NOT NULL,
    first_text_ms  DOUBLE,
    retrieval_ms   DOUBLE,
    chunks         INTEGER NOT NULL,             -- retrieved
    context_quality DOUBLE,
    prompt_tokens  INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd       DOUBLE NOT NULL,
    trace          JSON NOT NULL                 -- spans: name, start_ms, ms, attributes
);
CREATE INDEX requests_by_time ON requests (asked_at);
CREATE TABLE provider_calls (
    call_id        VARCHAR PRIMARY KEY,
    correlation_id VARCHAR NOT NULL,
    provider       VARCHAR NOT NULL,
    model          VARCHAR NOT NULL,
    purpose        VARCHAR NOT NULL,             -- answer, repair, validate, rewrite, test
    attempt        INTEGER NOT NULL,
    started_at     TIMESTAMP NOT NULL,
    ms             DOUBLE NOT NULL,
    first_token_ms DOUBLE,
    outcome        VARCHAR NOT NULL,             -- ok, cancelled, broken stream, or the class of the error
    prompt_tokens  INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd       DOUBLE                        -- NULL: no price is known
);
CREATE INDEX provider_calls_by_time ON provider_calls (started_at);
CREATE TABLE breaker_changes (
    change_id  VARCHAR PRIMARY KEY,
    provider   VARCHAR NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    state      VARCHAR NOT NULL,                 -- closed, open, half_open
    reason     VARCHAR NOT NULL
);
CREATE TABLE metric_points (
    taken_at     TIMESTAMP NOT NULL,             -- begin of the interval
    resolution_s INTEGER NOT NULL,               -- 300, later 3600 and 86400
    process      VARCHAR NOT NULL,               -- which process of this home wrote it
    figures      JSON NOT NULL,                  -- counts, sums, histograms and gauges by name
    PRIMARY KEY (taken_at, resolution_s, process)
);
CREATE TABLE alerts (
    alert_id    VARCHAR PRIMARY KEY,             -- one firing from pending to resolved
    rule        VARCHAR NOT NULL,
    state       VARCHAR NOT NULL,                -- pending, firing, resolved
    severity    VARCHAR NOT NULL,
    summary     VARCHAR NOT NULL,
    value       DOUBLE,
    threshold   DOUBLE NOT NULL,
    pending_at  TIMESTAMP NOT NULL,
    firing_at   TIMESTAMP,
    resolved_at TIMESTAMP,
    clear_at    TIMESTAMP,                       -- since when the value is good again, while the alert is open
    seen_at     TIMESTAMP NOT NULL,              -- when there last was a value
    acknowledged_by VARCHAR NOT NULL,
    acknowledged_at TIMESTAMP,
    notified    JSON NOT NULL                    -- channel: when, or what failed
);
CREATE TABLE leases (
    name     VARCHAR PRIMARY KEY,                -- what only one process of this home may do
    holder   VARCHAR NOT NULL,
    until_at TIMESTAMP NOT NULL
);
CREATE TABLE silences (
    silence_id VARCHAR PRIMARY KEY,
    rule       VARCHAR NOT NULL,
    until      TIMESTAMP NOT NULL,
    reason     VARCHAR NOT NULL,
    made_by    VARCHAR NOT NULL,
    made_at    TIMESTAMP NOT NULL
);
CREATE TABLE recoveries (
    recovery_id VARCHAR PRIMARY KEY,
    happened_at TIMESTAMP NOT NULL,
    component   VARCHAR NOT NULL,                -- store, index, embedder, provider, cache, disk, memory
    subject     VARCHAR NOT NULL,
    action      VARCHAR NOT NULL,
    outcome     VARCHAR NOT NULL,                -- recovered, degraded, failed
    reason      VARCHAR NOT NULL,
    ms          DOUBLE NOT NULL
);
CREATE TABLE sessions (
    session    VARCHAR PRIMARY KEY,
    corpus     VARCHAR NOT NULL,
    title      VARCHAR NOT NULL,
    owner      VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    last_at    TIMESTAMP NOT NULL
);
-- A turn has an id of its own, so that two processes can add to one conversation and either may repeat its statement.
CREATE TABLE told_turns (
    turn_id        VARCHAR PRIMARY KEY,
    session        VARCHAR NOT NULL,
    position       INTEGER NOT NULL,             -- order, from 0; two that came at once may share one
    question       VARCHAR NOT NULL,
    answer         VARCHAR NOT NULL,
    standalone     VARCHAR,                      -- what was searched in place of the question
    correlation_id VARCHAR,
    asked_at       TIMESTAMP NOT NULL
);
INSERT INTO told_turns
    SELECT concat(session, '/', position), session, position, question, answer, NULL, NULL, asked_at FROM turns;
DROP TABLE turns;
ALTER TABLE told_turns RENAME TO turns;
INSERT INTO sessions
    SELECT session, '', left(trim(first(question ORDER BY position)), 80), '', min(asked_at), max(asked_at)
    FROM turns GROUP BY session;
CREATE TABLE api_tokens (
    token_id   VARCHAR PRIMARY KEY,
    name       VARCHAR NOT NULL,
    hash       VARCHAR NOT NULL,                 -- sha256 of the token; the token itself is shown once and not kept
    scopes     VARCHAR[] NOT NULL,               -- ask, read, config
    made_by    VARCHAR NOT NULL,
    made_at    TIMESTAMP NOT NULL,
    expires_at TIMESTAMP,
    revoked_at TIMESTAMP,
    used_at    TIMESTAMP
);
CREATE TABLE config_audits (
    audit_id   VARCHAR PRIMARY KEY,
    audited_at TIMESTAMP NOT NULL,
    path       VARCHAR NOT NULL,                 -- the tree, absolute
    version    VARCHAR NOT NULL,                 -- twelve hex digits over the files that were read
    passed     BOOLEAN NOT NULL,
    findings   JSON NOT NULL
);
