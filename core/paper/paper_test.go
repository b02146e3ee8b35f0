package paper_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/paper"
)

func document(lines int) []byte {
	d := paper.New("Rechnung (1)")
	d.Line(14, true, `Zürich \ (Süd) – 5 €`)
	for i := range lines {
		d.Row(10, false, []float64{0, -1}, fmt.Sprintf("line %d 漢", i), "12.50")
	}
	d.Rule()
	return d.Bytes()
}

// A reader finds every object where the table says, the length of each page's
// content is right, and the text is what was written.
func TestDocument(t *testing.T) {
	for _, lines := range []int{0, 1, 500} {
		b := document(lines)
		if !bytes.HasPrefix(b, []byte("%PDF-1.4\n")) || !bytes.HasSuffix(b, []byte("%%EOF\n")) {
			t.Fatalf("%d lines: no beginning or no end", lines)
		}
		start := regexp.MustCompile(`startxref\n(\d+)\n`).FindSubmatch(b)
		table, _ := strconv.Atoi(string(start[1]))
		entries := strings.Split(string(b[table:]), "\n")
		if entries[0] != "xref" {
			t.Fatalf("%d lines: the table is not where it should be", lines)
		}
		var n int
		if _, err := fmt.Sscanf(entries[1], "0 %d", &n); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < n; i++ {
			at, err := strconv.Atoi(entries[2+i][:10])
			if want := fmt.Sprintf("%d 0 obj\n", i); err != nil || !bytes.HasPrefix(b[at:], []byte(want)) || len(entries[2+i]) != 19 {
				t.Errorf("%d lines: object %d is not at %d", lines, i, at)
			}
		}
		for _, m := range regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*?)endstream`).FindAllSubmatch(b, -1) {
			if got, _ := strconv.Atoi(string(m[1])); got != len(m[2]) {
				t.Errorf("%d lines: a stream of %d bytes says %d", lines, len(m[2]), got)
			}
		}
		if !bytes.Contains(b, []byte("(Z\xfcrich \\\\ \\(S\xfcd\\) \x96 5 \x80) Tj")) {
			t.Errorf("%d lines: the first line is not what was written", lines)
		}
		if lines > 0 && !bytes.Contains(b, []byte(fmt.Sprintf("(line %d ?) Tj", lines-1))) {
			t.Errorf("%d lines: the last one is missing", lines)
		}
	}
	if !bytes.Equal(document(3), document(3)) {
		t.Error("the same document is not the same bytes")
	}
	if got := bytes.Count(document(500), []byte("/Type /Page ")); got < 8 || got > 14 {
		t.Errorf("500 lines on %d pages", got)
	}
}
