package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// daysAgo is a day before today (UTC).
func daysAgo(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format(time.DateOnly) }

// TestUsageCommand: florin usage shows who called, how often and with what, and
// names what is unusual: an agent that is new, too many faults, and more than
// 10,000 payments in a day. What is just not unusual is not named. Beside it,
// florin webhook unlisted shows whom nobody calls.
func TestUsageCommand(t *testing.T) {
	eachFurnished(t, "live", func(t *testing.T, h *house) {
		refused(t, h.run(t, "usage", "Lind Media"), failed, "nobody has called")
		refused(t, h.run(t, "usage", "Lind Media", "--environment", "test"), failed, "Lind Media has no test realm")
		realm := word(t, h.database, liveRealm)
		use(t, h.database, realm,
			counted{20, "calm", "create_payment", "Spare/2", 1, 0}, // known for long, though not in the days that are shown
			counted{20, "calm", "create_payment", "FjordDMS/4.2", 1, 0},
			counted{1, "calm", "create_payment", "FjordDMS/4.2", 10_000, 40},
			counted{0, "calm", "create_payment", "FjordDMS/4.2", 48, 48}, // all failed, and too few to say anything
			counted{0, "calm", "get_payment", "Spare/2", 1, 0},
			counted{1, "busy", "create_payment", "FjordDMS/4.2", 9_000, 0},
			counted{0, "busy", "create_payment", "FjordDMS/4.2", 6_000, 0},
			counted{0, "busy", "create_payment", "Script/1", 4_001, 0},
			counted{1, "lame", "get_payment", "curl/8", 50, 5}, // a tenth is not too many
			counted{0, "lame", "get_payment", "curl/8", 50, 6})
		overlook(t, h.database, realm, "https://shop.example")
		r := h.run(t, "usage", "Lind Media")
		lines := map[string]bool{}
		var unusual []string
		for line := range strings.Lines(r.out) {
			line = strings.Join(strings.Fields(line), " ")
			if lines[line] = true; strings.HasPrefix(line, "unusual") {
				unusual = append(unusual, line)
			}
		}
		for _, want := range []string{
			"day key operation agent calls failed old sign-in",
			daysAgo(1) + " calm create_payment FjordDMS/4.2 10000 40 0",
			daysAgo(0) + " lame get_payment curl/8 50 6 0",
		} {
			if r.code != 0 || !lines[want] {
				t.Errorf("no %q in %+v", want, r)
			}
		}
		today := "unusual on " + daysAgo(0)
		want := []string{today + ` by busy: a new agent: "Script/1"`, today + " by lame: 6 of 50 calls failed", today + " by busy: 10001 payments in a day"}
		if strings.Join(unusual, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", unusual, want)
		}
		if r := h.run(t, "usage", "Lind Media", "--days", "1"); r.code != 0 || strings.Contains(r.out, daysAgo(1)) || strings.Count(r.out, "unusual") != 3 {
			t.Errorf("of today alone: %+v", r)
		}
		row := regexp.MustCompile(`(?m)^m +https://shop\.example +41 +1970-01-01 12:00:00 +1970-01-02 00:00:00$`)
		if r := h.run(t, "webhook", "unlisted", "Lind Media", "--environment", "live"); r.code != 0 || !row.MatchString(r.out) {
			t.Errorf("unlisted servers: %+v", r)
		}
	})
}
