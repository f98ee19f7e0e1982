-- Turns of conversations that `ask --session` keeps.
CREATE TABLE turns (
    session   VARCHAR NOT NULL,
    position  INTEGER NOT NULL,
    question  VARCHAR NOT NULL,
    answer    VARCHAR NOT NULL,
    asked_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (session, position)
);
