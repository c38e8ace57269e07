CREATE TABLE funding (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    exchange TEXT NOT NULL,
    funding_id TEXT NOT NULL,
    bot_id TEXT,
    ts INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (exchange, funding_id)
);
CREATE INDEX funding_by_bot ON funding (bot_id, number);
