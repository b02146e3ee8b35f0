package bench

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("# A\n<!-- bench:begin -->\nold\n<!-- bench:end -->\n<!-- growth:begin -->\n<!-- growth:end -->\nz\n")
	for _, text := range []string{"first\n", "second"} {
		if err := Rewrite(file, "bench", text); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# A\n<!-- bench:begin -->\n\nsecond\n\n<!-- bench:end -->\n<!-- growth:begin -->\n<!-- growth:end -->\nz\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, bad := range []string{"", "<!-- bench:begin -->\n", "<!-- bench:end -->\n<!-- bench:begin -->\n", strings.Repeat("<!-- bench:begin -->\n<!-- bench:end -->\n", 2)} {
		put(bad)
		if err := Rewrite(file, "bench", "text"); err == nil {
			t.Errorf("%q was rewritten", bad)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != bad {
			t.Errorf("%q became %q, %v", bad, got, err)
		}
	}
}

func TestGoal(t *testing.T) {
	for _, c := range []struct {
		g    goal
		met  bool
		text string
	}{
		{goal{"S1", "rate", 1.5, 1.5, true, ""}, true, "| S1 | rate | 1.50 | at least 1.50 | yes |"},
		{goal{"S1", "rate", 1.49, 1.5, true, ""}, false, "| S1 | rate | 1.49 | at least 1.50 | no |"},
		{goal{"S5", "p99", 30, 30, false, " ms"}, true, "| S5 | p99 | 30.0 ms | at most 30.0 ms | yes |"},
		{goal{"S8", "bytes", 2501, 2500, false, ""}, false, "| S8 | bytes | 2,501 | at most 2,500 | no |"},
		{goal{"S6", "none", math.NaN(), .35, true, ""}, false, "| S6 | none | - | at least 0.35 | no |"},
		{goal{"S1", "by nothing", math.Inf(1), 1, true, ""}, false, "| S1 | by nothing | - | at least 1.00 | no |"},
	} {
		if c.g.met() != c.met || c.g.String() != c.text {
			t.Errorf("%v %q, want %v %q", c.g.met(), c.g, c.met, c.text)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1}, 2.5}, {[]float64{7}, 7}} {
		if got := median(c.list); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.list, got, c.want)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("nothing has a median")
	}
}

func TestReadPgbench(t *testing.T) {
	const out = "number of transactions actually processed: 1204\nnumber of failed transactions: 3 (0.249%)\nlatency average = 6.649 ms\n" +
		"initial connection time = 12.1 ms\ntps = 1203.160 (without initial connection time)\n"
	done, s, err := readPgbench(out)
	if want := (sample{rate: 1203.16, p50: 6.649, errors: 3}); err != nil || done != 1204 || s != want {
		t.Errorf("%d, %+v, %v, want 1204, %+v", done, s, err, want)
	}
	if done, s, err := readPgbench("number of transactions actually processed: 0\n"); err != nil || done != 0 || s != (sample{}) {
		t.Errorf("nothing processed: %d, %+v, %v", done, s, err)
	}
	for _, bad := range []string{"", strings.Replace(out, "tps", "TPS", 1), strings.Replace(out, "latency average", "mean", 1)} {
		if _, _, err := readPgbench(bad); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
}

// An answer that refuses may be a page long; its beginning is enough in a table.
func TestBrief(t *testing.T) {
	if got := brief("503: turned away"); got != "503: turned away" {
		t.Errorf("got %q", got)
	}
	if got := brief(strings.Repeat("ø", 300)); got != strings.Repeat("ø", 90)+" ..." {
		t.Errorf("got %q", got)
	}
}
