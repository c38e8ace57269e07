CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    bot_id TEXT,
    type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX events_by_bot ON events (bot_id, seq);
CREATE INDEX events_by_type ON events (type, seq);

CREATE TABLE bots (
    bot_id TEXT PRIMARY KEY,
    incarnation TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE orders (
    client_order_id TEXT PRIMARY KEY,
    bot_id TEXT NOT NULL,
    key TEXT NOT NULL,
    generation INTEGER NOT NULL,
    state TEXT NOT NULL,
    live INTEGER NOT NULL,
    created_ns INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (bot_id, key, generation)
);
CREATE INDEX live_orders ON orders (bot_id, created_ns) WHERE live = 1;
CREATE INDEX orders_by_bot ON orders (bot_id, created_ns);
CREATE INDEX orders_by_time ON orders (created_ns);

CREATE TABLE fills (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    exchange TEXT NOT NULL,
    trade_id TEXT NOT NULL,
    bot_id TEXT,
    ts INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (exchange, trade_id)
);
CREATE INDEX fills_by_bot ON fills (bot_id, number);

CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL
);
