CREATE TABLE bot_history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    bot_id TEXT NOT NULL,
    life INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    base INTEGER,
    body BLOB NOT NULL
);
CREATE INDEX bot_history_by_bot ON bot_history (bot_id, seq);
CREATE INDEX bot_history_by_time ON bot_history (bot_id, ts);
CREATE INDEX bot_history_by_seq ON bot_history (seq, first_seq, life);

CREATE TABLE price_history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    exchange TEXT NOT NULL,
    symbol TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    price TEXT NOT NULL,
    price_ts INTEGER NOT NULL,
    mark_price TEXT
);
CREATE INDEX price_history_by_market ON price_history (exchange, symbol, seq);
CREATE INDEX price_history_by_seq ON price_history (seq, first_seq);
CREATE INDEX price_history_by_time ON price_history (exchange, symbol, ts);
