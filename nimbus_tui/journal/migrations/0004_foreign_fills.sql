CREATE TABLE foreign_fills (
    exchange TEXT NOT NULL,
    trade_id TEXT NOT NULL,
    ts INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (exchange, trade_id)
) WITHOUT ROWID;
