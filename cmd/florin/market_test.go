package main

import (
	"regexp"
	"testing"
)

// TestKeyMarket makes keys of a marketplace: it is made once, its keys each
// time.
func TestKeyMarket(t *testing.T) {
	dir := t.TempDir()
	form := regexp.MustCompile(`^key +[0-9a-f]{24}\nmarketplace +(mktp_[A-Za-z0-9_-]{16})\ntoken +((?:sandbox|live)_[me]k_)([A-Za-z0-9_-]{32})\n`)
	seen := map[string]bool{}
	var market string
	for _, tt := range []struct {
		want string
		args []string
	}{{"sandbox_mk_", nil}, {"sandbox_mk_", []string{"--days", "7"}}, {"sandbox_ek_", []string{"--enterprise"}}} {
		r := florin(t, dir, append([]string{"key", "market", "Lind Media", "Fair"}, tt.args...)...)
		m := form.FindStringSubmatch(r.out)
		if r.code != 0 || m == nil || m[2] != tt.want || seen[m[3]] || market != "" && m[1] != market {
			t.Fatalf("%v: got %+v, want another %s of %s", tt.args, r, tt.want, market)
		}
		market, seen[m[3]] = m[1], true
	}
	if r := florin(t, dir, "key", "market", "Lind Media", "Fair", "--environment", "live"); r.code != 0 || form.FindStringSubmatch(r.out) == nil || form.FindStringSubmatch(r.out)[2] != "live_mk_" {
		t.Errorf("a live key: %+v", r)
	}
}
