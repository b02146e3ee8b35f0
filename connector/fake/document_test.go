package fake

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/sandbox.md")

func TestDocument(t *testing.T) {
	const path = "../../docs/sandbox.md"
	want := Document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/sandbox.md is not what the tables say: go test ./connector/fake -run TestDocument -update")
	}
}
