package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAuditCommand: whatever an operator makes, changes and takes away stands in
// the trail, with who did it, once.
func TestAuditCommand(t *testing.T) {
	eachFurnished(t, "test", func(t *testing.T, h *house) {
		do := func(args ...string) string {
			t.Helper()
			r := h.run(t, args...)
			if r.code != 0 {
				t.Fatalf("%v: %+v", args, r)
			}
			return r.out
		}
		do("entity", "set", "Lind Media", "LM000117", "threeDs=false")
		channel := strings.TrimSpace(do("channel", "add", "Lind Media", "M2040077", "Desk", "--terminal", "desk"))
		do("channel", "remove", "Lind Media", "M2040077", channel)
		made := do("key", "make", "Lind Media", "--environment", "test")
		key := regexp.MustCompile(`key +(\S+)`).FindStringSubmatch(made)
		do("key", "revoke", key[1])
		do("key", "revoke", key[1]) // changes nothing
		do("client", "make", "Lind Media", "no.lind.site", "--name", "Lind", "--redirect", "https://site.example/back", "--host", "site.example")
		do("client", "change", "no.lind.site", "--new-secret")
		refused(t, h.run(t, "entity", "set", "Lind Media", "LM000117", "brands=[1]"), failed, "settings")

		var actions []string
		for line := range strings.Lines(do("audit", "Lind Media", "--json")) {
			var l auditLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if l.Actor != "operator" || l.Origin != "command line" || l.Outcome != "ok" || l.Object == "" || len(l.Hash) != 64 || l.At.IsZero() {
				t.Errorf("got %+v", l)
			}
			actions = append(actions, l.Action)
		}
		slices.Reverse(actions)
		if got, want := strings.Join(actions, " "), "merchant.add profile.add key.add profile.change channel.add channel.remove key.add key.revoke client.add client.change"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		last := strings.Join(strings.Fields(do("audit", "Lind Media", "--before", "9", "--limit", "1")), " ")
		if want := "NUMBER AT ACTOR ORIGIN ACTION OBJECT OUTCOME 8 "; !strings.HasPrefix(last, want) || !strings.HasSuffix(last, "operator command line key.revoke "+key[1]+" ok") {
			t.Errorf("got %q", last)
		}
		if token := regexp.MustCompile(`token +(\S+)`).FindStringSubmatch(made); strings.Contains(do("audit", "Lind Media", "--json"), token[1]) {
			t.Error("the token stands in the trail")
		}
		refused(t, h.run(t, "audit", "Lind Media", "--limit", "0"), failed, "1 or more")
		refused(t, h.run(t, "audit", "Nobody"), failed, "Nobody has no test realm")
		do("verify")
	})
}
