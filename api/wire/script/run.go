package script

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the answers of the scripts anew")

// Updating says whether the scripts are written anew.
func Updating() bool { return *update }

// Bench is what scripts run on.
type Bench struct {
	Client   *http.Client
	Values   map[string]string // base, and what else stands in braces
	Defaults map[string]string // headers of every request
	Show     []string          // headers of answers that scripts show
	Masks    []Mask
	Inbox    *Inbox
}

// Run runs every script of a folder, each on a bench of its own.
func Run(t *testing.T, folder string, bench func(t *testing.T) *Bench) {
	files, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play := &play{Bench: bench(t), answers: map[string]*reply{}, seen: map[string]string{}}
			got := play.all(t, txtar.Parse(text))
			if !*update || t.Failed() {
				return
			}
			if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// play is a script under way.
type play struct {
	*Bench
	answers map[string]*reply
	seen    map[string]string // what earlier answers said, and where
}

// reply is an answer as it came.
type reply struct {
	status  int
	header  http.Header
	body    []byte
	decoded any
}

// all plays the requests and returns the script with the answers as they were.
func (p *play) all(t *testing.T, script *txtar.Archive) *txtar.Archive {
	out := &txtar.Archive{Comment: script.Comment}
	for i, f := range script.Files {
		step, isRequest := strings.CutSuffix(f.Name, " request")
		if !isRequest {
			continue
		}
		r, err := p.request(t, step, string(f.Data))
		if err != nil {
			t.Fatalf("step %s: %v", step, err)
		}
		got := p.show(step, r)
		out.Files = append(out.Files, f, txtar.File{Name: step + " answer", Data: []byte(got)})
		want := ""
		if i+1 < len(script.Files) && script.Files[i+1].Name == step+" answer" {
			want = string(script.Files[i+1].Data)
		}
		if !*update && got != want {
			t.Fatalf("step %s: got\n%s\nwant\n%s", step, got, want)
		}
	}
	return out
}

// asked is a request of a script, taken apart.
type asked struct {
	method, url string
	header      http.Header
	body        string
	until       string
	equals      string
}

var braces = regexp.MustCompile(`\{([A-Za-z0-9][A-Za-z0-9_.\[\]-]*)\}`)

// fill puts values for what stands in braces.
func (p *play) fill(text string) (out string, err error) {
	out = braces.ReplaceAllStringFunc(text, func(m string) string {
		name := m[1 : len(m)-1]
		if v, ok := p.Values[name]; ok {
			return v
		}
		step, path, _ := strings.Cut(name, ".")
		if r := p.answers[step]; r != nil {
			if v, ok := r.at(path); ok {
				return v
			}
		}
		err = fmt.Errorf("nobody said what %s is", m)
		return m
	})
	return out, err
}

// at finds a header, or a string inside the body.
func (r *reply) at(path string) (string, bool) {
	if v := r.header.Get(path); v != "" {
		return v, true
	}
	node := r.decoded
	for name := range strings.SplitSeq(path, ".") {
		switch x := node.(type) {
		case map[string]any:
			node = x[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(x) {
				return "", false
			}
			node = x[n]
		default:
			return "", false
		}
	}
	text, ok := node.(string)
	return text, ok
}

func (p *play) parse(text string) (a asked, err error) {
	head, body, _ := strings.Cut(text, "\n\n")
	if head, err = p.fill(head); err != nil {
		return a, err
	}
	a.header = http.Header{}
	for name, value := range p.Defaults {
		a.header.Set(name, value)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(head), "\n") {
		name, value, isHeader := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "@until "):
			a.until = strings.TrimPrefix(line, "@until ")
		case strings.HasPrefix(line, "@equals "):
			a.equals = strings.TrimPrefix(line, "@equals ")
		case a.method == "":
			a.method, a.url, _ = strings.Cut(line, " ")
		case strings.HasSuffix(line, ":"):
			a.header.Del(strings.TrimSuffix(line, ":"))
		case isHeader:
			a.header.Set(name, value)
		default:
			return a, fmt.Errorf("%q is no header", line)
		}
	}
	if strings.HasPrefix(a.url, "/") {
		a.url = p.Values["base"] + a.url
	}
	if body = strings.TrimSuffix(body, "\n"); body == "" {
		return a, nil
	}
	if a.header.Get("Content-Type") != "" {
		a.body, err = p.fill(body)
		return a, err
	}
	a.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	a.body, err = p.form(body)
	return a, err
}

// form encodes parameters that stand on a line each.
func (p *play) form(body string) (string, error) {
	var pairs []string
	for line := range strings.SplitSeq(body, "\n") {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return "", fmt.Errorf("%q is no parameter", line)
		}
		value, err := p.fill(value)
		if err != nil {
			return "", err
		}
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return strings.Join(pairs, "&"), nil
}

// patience is how long a script waits for what comes later.
const patience = 20 * time.Second

func (p *play) request(t *testing.T, step, text string) (*reply, error) {
	a, err := p.parse(text)
	if err != nil {
		return nil, err
	}
	var r *reply
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if r, err = p.send(t, a); err != nil || bytes.Contains(r.body, []byte(a.until)) {
			break
		}
		if time.Since(start) > patience {
			return nil, fmt.Errorf("no answer held %q; the last one was %d %s", a.until, r.status, r.body)
		}
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(r.body, &r.decoded) != nil {
		r.decoded = nil // a page
	}
	if other := p.answers[a.equals]; a.equals != "" && (other == nil || !bytes.Equal(other.body, r.body)) {
		return nil, fmt.Errorf("got %s, which is not answer %s", r.body, a.equals)
	}
	p.answers[step] = r
	return r, nil
}

func (p *play) send(t *testing.T, a asked) (*reply, error) {
	if a.method == "RECEIVE" {
		return p.Inbox.wait(a.url, a.until)
	}
	req, err := http.NewRequestWithContext(t.Context(), a.method, a.url, strings.NewReader(a.body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, a.header)
	res, err := p.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if to, err := res.Location(); err == nil {
		res.Header.Set("Location", to.String())
	}
	body, err := io.ReadAll(res.Body)
	return &reply{status: res.StatusCode, header: res.Header, body: body}, err
}
