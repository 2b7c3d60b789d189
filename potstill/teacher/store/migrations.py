"""The journal's schema, in numbered steps."""

# Numbered migrations: a file's user_version says how many of them it has had. Never edit one; append.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE answers (
            key TEXT NOT NULL,
            max_tokens INTEGER NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('answered', 'truncated', 'filtered')),
            content TEXT,
            reasoning TEXT,
            finish_reason TEXT,
            model TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            logprobs TEXT,
            endpoint_host TEXT NOT NULL,
            asked_at REAL NOT NULL,
            PRIMARY KEY (key, max_tokens)
        ) WITHOUT ROWID
        """,
    ),
    (
        "ALTER TABLE answers ADD COLUMN segment TEXT",
        """
        CREATE TABLE claims (
            key TEXT NOT NULL,
            max_tokens INTEGER NOT NULL,
            owner TEXT NOT NULL,
            expires_at REAL NOT NULL,
            PRIMARY KEY (key, max_tokens)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX claims_by_owner ON claims (owner)",
        """
        CREATE TABLE uses (
            project TEXT NOT NULL,
            key TEXT NOT NULL,
            max_tokens INTEGER NOT NULL,
            PRIMARY KEY (project, key, max_tokens)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE segments (name TEXT PRIMARY KEY) WITHOUT ROWID",  # of the ledger: those whose answers are here
        "CREATE TABLE ledgers (md5 TEXT PRIMARY KEY) WITHOUT ROWID",  # as DVC names them: those whose segments all are
    ),
    (
        # Requests that a service answers within a day. Which they are stands in the claims, whose owner is the batch.
        """
        CREATE TABLE batches (
            name TEXT PRIMARY KEY,
            teacher TEXT NOT NULL,
            credentials TEXT NOT NULL,
            endpoint TEXT NOT NULL,
            max_tokens INTEGER NOT NULL,
            requests INTEGER NOT NULL,
            file TEXT NOT NULL,
            begun_at REAL NOT NULL,
            submitter TEXT NOT NULL,
            id TEXT,
            state TEXT NOT NULL,
            done INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            prompt_tokens INTEGER NOT NULL,
            completion_tokens INTEGER,
            ended_at REAL
        ) WITHOUT ROWID
        """,
    ),
    ("ALTER TABLE answers ADD COLUMN reasoning_tokens INTEGER",),
)
VERSION = len(MIGRATIONS)
