package webhook

import "time"

// ladder are the pauses after the first, second ... failed try; the last one
// repeats (contract sheet of the gateway, section 15).
var ladder = []time.Duration{
	1 * time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 30 * time.Minute, 1 * time.Hour, 24 * time.Hour,
}

// patience is how long a message is tried; then it is a dead letter.
const patience = 30 * 24 * time.Hour

// next says when to try again after the tries-th failed try of a message that
// was first due at since, or that its time is up. A receiver may ask for a
// longer pause than the ladder's, up to a day.
func next(since, now time.Time, tries int64, asked time.Duration) (due time.Time, more bool) {
	pause := ladder[min(max(tries, 1), int64(len(ladder)))-1]
	pause = max(pause, min(asked, 24*time.Hour))
	due = now.Add(pause)
	return due, !due.After(since.Add(patience))
}
