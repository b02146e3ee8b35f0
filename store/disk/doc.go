// Package disk is a disk for tests whose power can be cut. It is a file system
// of SQLite's, in memory: what was written but not flushed may be lost, kept,
// kept in another order or torn between sectors, and so may the names of
// files. It can also refuse a flush or a write, or be full. What is written to
// it, and what must be found on it again, is the tests' business.
//
// It promises as little as SQLite asks for: a sector is written whole or not
// at all, and a flush that returns has written everything before it.
package disk
