"""The schema of a ledger in PostgreSQL: as it is today, and the steps that led there. They only go forward."""
