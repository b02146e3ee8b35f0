package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSurcharge gives a marketplace rules, reads them back and gives it others;
// what is wrong with a file is named, and changes nothing.
func TestSurcharge(t *testing.T) {
	eachFurnished(t, "test", func(t *testing.T, h *house) {
		if r := h.run(t, "key", "market", "Lind Media", "Kite Market"); r.code != 0 {
			t.Fatalf("got %+v", r)
		}
		file := filepath.Join(t.TempDir(), "rules.json")
		set := func(rules string) result {
			t.Helper()
			if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
				t.Fatal(err)
			}
			return h.run(t, "surcharge", "set", "Lind Media", "Kite Market", file)
		}
		shown := func(want ...string) {
			t.Helper()
			r := h.run(t, "surcharge", "show", "Lind Media", "Kite Market")
			got := strings.Join(strings.Fields(r.out), " ")
			for _, part := range want {
				if r.code != 0 || !strings.Contains(got, part) {
					t.Errorf("got %+v, want %s", r, part)
				}
			}
		}
		shown(`{ "rules": [] }`)
		const rules = `{"rules":[{"priority":1,"method":"Card","brand":"Visa","funding":"credit","currency":"AUD","mode":"explicit","variableBasisPoints":110,"fixedAmount":30},{"priority":9,"mode":"none"}]}`
		if r := set(rules); r.code != 0 || r.out != "Kite Market has 2 rules\n" {
			t.Fatalf("got %+v", r)
		}
		want := []string{`"brand": "Visa"`, `"variableBasisPoints": 110`, `"fixedAmount": 30`, `{ "mode": "none", "priority": 9 }`}
		shown(want...)
		refused(t, set(`{"rules":[{"priority":1}]}`), failed, "mode: is needed")
		refused(t, set(`{"rules":[{"priority":1,"mode":"explicit","brand":"Shell"}]}`), failed, "brand")
		refused(t, set(`rules`), failed, "JSON")
		refused(t, set(`{}`), failed, "rules: is needed")
		refused(t, h.run(t, "surcharge", "show", "Lind Media", "No Market"), failed, "not_found.marketplace")
		shown(want...)
		if err := os.WriteFile(file, []byte(h.run(t, "surcharge", "show", "Lind Media", "Kite Market").out), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := h.run(t, "surcharge", "set", "Lind Media", "Kite Market", file); r.code != 0 || r.out != "Kite Market has 2 rules\n" {
			t.Errorf("what show prints: got %+v", r)
		}
		shown(want...)
		if r := set(`{"rules":[]}`); r.code != 0 || r.out != "Kite Market has 0 rules\n" {
			t.Errorf("got %+v", r)
		}
		shown(`{ "rules": [] }`)
	})
}
