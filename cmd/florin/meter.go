package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// meter shows on one line of a terminal how far a long command is. Elsewhere
// it is silent.
type meter struct {
	terminal bool
	last     time.Time
}

func newMeter() *meter {
	info, err := os.Stderr.Stat()
	return &meter{terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

const meterWidth = 30

func (m *meter) show(what string, done, total int64) {
	if !m.terminal || time.Since(m.last) < 200*time.Millisecond {
		return
	}
	m.last = time.Now()
	filled := meterWidth
	if total > 0 {
		filled = int(min(done, total) * meterWidth / total)
	}
	fmt.Fprintf(os.Stderr, "\r%-18s [%s%s] %d / %d ", what, strings.Repeat("=", filled), strings.Repeat(" ", meterWidth-filled), done, total)
}

func (m *meter) clear() {
	if m.terminal {
		fmt.Fprintf(os.Stderr, "\r%s\r", strings.Repeat(" ", 100))
	}
}
