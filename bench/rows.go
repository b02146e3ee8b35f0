package bench

// databaseSize is a PostgreSQL database's size, and what the cluster has
// written to its log since it was made.
const databaseSize = `SELECT pg_database_size(current_database()), (pg_current_wal_lsn() - '0/0')::bigint`
