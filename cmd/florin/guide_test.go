package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuides plays the guides for integrators as a reader would: each sh block
// in a shell with the real curl, against a sandbox of its own, and the block
// after it is what came back. There "..." stands for anything, and $NAME for a
// value that later commands use.
func TestGuides(t *testing.T) {
	for _, name := range []string{"april", "spense", "media"} {
		t.Run(name, func(t *testing.T) {
			guide, err := os.ReadFile(filepath.Join("../../docs", name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			values := ready(t, dev(t, t.TempDir(), "--ephemeral"), name)
			steps := fenced.FindAllStringSubmatch(string(guide), -1)
			if len(steps) < 5 {
				t.Fatalf("%d commands", len(steps))
			}
			for _, step := range steps {
				command, want := step[1], step[2]
				got := inBash(t, values, command)
				found := answerPattern(want).FindStringSubmatch(oneLine(got))
				if found == nil {
					t.Fatalf("%s\ngave\n%s\nand not\n%s", command, got, want)
				}
				for i, name := range captured.FindAllStringSubmatch(want, -1) {
					values[name[1]] = found[i+1]
				}
			}
		})
	}
}

var (
	// fenced is a command and the block after it.
	fenced   = regexp.MustCompile("(?s)```sh\n(.*?)```\n.*?```[a-z]*\n(.*?)```\n")
	captured = regexp.MustCompile(`\$([A-Z_]+)`)
	words    = regexp.MustCompile(`[a-z][A-Z]`)
)

// ready is a contract's part of the ready file, by the names that the guides
// use: secretKey is SECRET_KEY.
func ready(t *testing.T, s sandbox, contract string) map[string]string {
	t.Helper()
	b, err := json.Marshal(s.Sandbox)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	var block map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all[contract], &block); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{"URL": s.URL, "SANDBOX_TOKEN": s.Gateway.Token}
	for name, v := range block {
		if list, ok := v.([]any); ok {
			v = list[0]
		}
		if text, ok := v.(string); ok {
			values[strings.ToUpper(words.ReplaceAllStringFunc(strings.TrimSuffix(name, "s"), func(w string) string { return w[:1] + "_" + w[1:] }))] = text
		}
	}
	return values
}

func inBash(t *testing.T, values map[string]string, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-euc", "curl() { command curl -sS \"$@\"; }\n"+command)
	c.Env = os.Environ()
	for name, v := range values {
		c.Env = append(c.Env, name+"="+v)
	}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", command, err, out)
	}
	return string(out)
}

// oneLine is a text without the breaks and indents that a guide is free in.
func oneLine(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "")
}

func answerPattern(want string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(oneLine(captured.ReplaceAllString(want, "\x00")))
	return regexp.MustCompile("^" + strings.NewReplacer(`\.\.\.`, ".*?", "\x00", `([^",}]*)`).Replace(quoted) + "$")
}
