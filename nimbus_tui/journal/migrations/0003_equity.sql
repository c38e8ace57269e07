CREATE TABLE equity (
    bot_id TEXT NOT NULL,
    ts INTEGER NOT NULL,
    equity TEXT NOT NULL,
    PRIMARY KEY (bot_id, ts)
) WITHOUT ROWID;
