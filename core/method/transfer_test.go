package method

import (
	"strconv"
	"strings"
	"testing"
)

func TestReference(t *testing.T) {
	seen := map[string]bool{}
	for i := range 2000 {
		r := Reference(strconv.Itoa(i))
		if len(r) != 10 || strings.Trim(r, referenceSigns) != "" || seen[r] {
			t.Fatalf("got %q", r)
		}
		seen[r] = true
		if got := ReadReference(r); got != r {
			t.Errorf("%s is read as %q", r, got)
		}
	}
	r := Reference("1")
	for text, want := range map[string]string{strings.ToLower(r): r, r[:3] + " " + r[3:6] + "-" + r[6:]: r, r[:9]: "", r + "2": "", "": "", "0" + r[1:]: "",
		"invoice 17, ref " + r + " thanks": r, "Ø" + r: ""} {
		if got := ReadReference(text); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

// Every wrong character and every swap of two neighbours is found.
func TestReferenceFindsSlips(t *testing.T) {
	r := Reference("a payer who mistypes")
	for i := range r {
		for j := range referenceSigns {
			if wrong := r[:i] + referenceSigns[j:j+1] + r[i+1:]; wrong != r && ReadReference(wrong) != "" {
				t.Errorf("%s passes for %s", wrong, r)
			}
		}
		if i > 0 && r[i] != r[i-1] {
			if swapped := r[:i-1] + string(r[i]) + string(r[i-1]) + r[i+1:]; ReadReference(swapped) != "" {
				t.Errorf("%s passes for %s", swapped, r)
			}
		}
	}
}
