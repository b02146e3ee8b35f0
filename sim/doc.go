// Package sim runs the core under seeded faults: merchants, payers, the
// provider, receivers of webhooks and time itself do what they do in earnest,
// one after the other and inside each other, in an order that a seed decides.
// Processes die at commits, answers get lost, clocks jump. After every step an
// oracle compares what florin says with the provider's own books and with what
// each client may believe; at the end faults stop and everything has to come to
// rest.
//
// Only one thing runs at a time. What would run side by side runs inside: while
// the provider thinks, or between a commit and the news of it, whole other
// operations take place. The life of a process is a goroutine, so that its
// death can be the goroutine's end; the simulator waits for it.
//
// The package owns no rule about payments. It wires the core as app does, on
// SQLite in memory.
package sim
