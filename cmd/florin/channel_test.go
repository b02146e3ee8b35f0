package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestChannel gives a merchant terminals and a kind of bill, shows them, and
// takes one away, beside a merchant that has none of them.
func TestChannel(t *testing.T) {
	eachFurnished(t, "test", func(t *testing.T, h *house) {
		if r := h.run(t, "key", "spense", "Lind Media", "FJORD", "NORDLYS"); r.code != 0 {
			t.Fatalf("got %+v", r)
		}
		add := func(args ...string) string {
			t.Helper()
			r := h.run(t, append([]string{"channel", "add", "Lind Media", "FJORD"}, args...)...)
			if r.code != 0 || !regexp.MustCompile(`^[0-9a-f]{24}\n$`).MatchString(r.out) {
				t.Fatalf("got %+v", r)
			}
			return strings.TrimSpace(r.out)
		}
		desk := add("Front desk", "--terminal", "front-desk", "--profiles", "FJORD")
		bill := add("14 days", "--kind", "invoice", "--account", "1503 91 23451", "--scheme", "mod11")
		list := func(merchant string) (lines []string) {
			t.Helper()
			r := h.run(t, "channel", "list", "Lind Media", merchant)
			for line := range strings.Lines(r.out) {
				lines = append(lines, strings.Join(strings.Fields(line), " "))
			}
			if r.code != 0 || len(lines) == 0 {
				t.Fatalf("got %+v", r)
			}
			return lines[1:]
		}
		want := []string{desk + " terminal Front desk FJORD front-desk - -", bill + " invoice 14 days all - 1503 91 23451 mod11"}
		if got := list("FJORD"); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := list("NORDLYS"); len(got) > 0 {
			t.Errorf("another merchant has %q", got)
		}
		refused(t, h.run(t, "channel", "add", "Lind Media", "NOBODY", "x"), failed, "Lind Media has no merchant NOBODY in its test realm")
		refused(t, h.run(t, "channel", "add", "Lind Media", "FJORD", "x", "--profiles", "NORDLYS"), failed, "not_found.profile")
		refused(t, h.run(t, "channel", "add", "Lind Media", "FJORD", ""), failed, "invalid.name")
		if r := h.run(t, "channel", "add", "Lind Media", "FJORD", "x", "--kind", "drone"); r.code != misused {
			t.Errorf("a kind that is none: %+v", r)
		}
		refused(t, h.run(t, "channel", "remove", "Lind Media", "NORDLYS", desk), failed, "not_found.channel")
		if r := h.run(t, "channel", "remove", "Lind Media", "FJORD", desk); r.code != 0 || r.out != "" {
			t.Errorf("got %+v", r)
		}
		refused(t, h.run(t, "channel", "remove", "Lind Media", "FJORD", desk), failed, "not_found.channel")
		if got := list("FJORD"); len(got) != 1 || got[0] != want[1] {
			t.Errorf("got %q, want %q", got, want[1:])
		}
	})
}
