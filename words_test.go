package florin_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWords holds what is written beside the Go code to the rules: documents,
// dependencies, migrations, and words that have no place anywhere.
func TestWords(t *testing.T) {
	run(t, []rule{
		{"marks", markRule, map[string]string{"a.md": "todo lists are fine"}, []sample{
			{"a.md:2", map[string]string{"a.md": "a\n" + "TO" + "DO: later"}},
			{"a.go:1", map[string]string{"a.go": "// FIX" + "ME\npackage a\n"}}}},
		{"foreign words", foreignRule, map[string]string{"a.md": "network/timeout, /var/lib/florin"}, []sample{
			{"a path of one machine", map[string]string{"a.md": "see " + "/home/" + "nora/florin"}},
			{"a conflict", map[string]string{"a.md": strings.Repeat("<", 7) + " HEAD\n"}},
			{"a private key", map[string]string{"a.pem": "-----BEGIN EC PRIVATE " + "KEY-----\n"}}}},
		{"links", linkRule, map[string]string{"docs/a.md": "# A b\n[x](b.md#its-head) [y](#a-b) [z](https://example.com/q) `[n](no.md)`\n", "docs/b.md": "# Its head\n"}, []sample{
			{"no.md", map[string]string{"a.md": "[x](no.md)"}},
			{"no heading", map[string]string{"a.md": "# A\n[x](#b)"}}}},
		{"dependencies", dependencyRule, stock("a/b", "a/b", "c/d"), []sample{
			{"a/b has no line", stock("a/b", "", "")},
			{"c/d is not in go.mod", stock("a/b", "a/b c/d", "")},
			{"move its line", stock("a/b", "a/b", "a/b")},
			{"is not filled in", map[string]string{"go.mod": "require a/b v1\n", dependencies: "## " + linked + "\n| `a/b` | | MIT | x |\n"}}}},
		{"pins", pinRule, map[string]string{"go.mod": "\tmodernc.org/libc v1.77.1 // indirect\n\tmodernc.org/sqlite v1.60.1\n"}, []sample{
			{"modernc.org/libc v1.78.0", map[string]string{"go.mod": "\tmodernc.org/libc v1.78.0 // indirect\n\tmodernc.org/sqlite v1.60.1\n"}},
			{"modernc.org/sqlite v1.61.1", map[string]string{"go.mod": "\tmodernc.org/libc v1.77.1 // indirect\n\tmodernc.org/sqlite v1.61.1\n"}}}},
		{"migrations", migrationRule, migrations("0001_a.sql", goodTable, "0002_b.sql", goodTable), []sample{
			{"0002 is missing", migrations("0001_a.sql", goodTable, "0003_b.sql", goodTable)},
			{"0001 twice", migrations("0001_a.sql", goodTable, "0001_b.sql", goodTable)},
			{"NNNN_word.sql", migrations("1_a.sql", goodTable)},
			{"NNNN_word.sql", migrations("0001_a_b.sql", goodTable)},
			{"runs on one engine only", migrations("0001_a.sql", strings.Replace(goodTable, "DEFAULT 0", "DEFAULT now()", 1))},
			{"runs on one engine only", migrations("0001_a.sql", strings.Replace(goodTable, "TEXT", "SERIAL", 1))},
			{"runs on one engine only", migrations("0001_a.sql", "create trigger a;\n")},
			{"runs on one engine only", migrations("0001_a.sql", "create sequence a;\n")},
			{"runs on one engine only", migrations("0001_a.sql", "-- a\nupdate a set b = c->>'d';\n")},
			{"never a float", migrations("0001_a.sql", strings.Replace(goodTable, "BIGINT", "NUMERIC(10, 2)", 1))},
			{"leads with the realm", migrations("0001_a.sql", strings.Replace(goodTable, "(realm, id)", "(id)", 1))},
			{"ends its line", migrations("0001_a.sql", "drop table a; drop table b;\n")},
			{"ends its line", migrations("0001_a.sql", "drop table a")}}},
	})
}

// numbered is every line of every text file that people wrote.
func (t *tree) numbered(each func(name string, n int, line string)) {
	for name, text := range t.texts {
		if path.Base(name) == "go.sum" || strings.Contains(path.Base(name), ".min.") {
			continue
		}
		n := 0
		for line := range strings.Lines(text) {
			n++
			each(name, n, line)
		}
	}
}

var mark = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|HA` + `CK)\b`)

// markRule: work left to do is an issue, not a mark in the text.
func markRule(t *tree) (bad []string) {
	t.numbered(func(name string, n int, line string) {
		if word := mark.FindString(line); word != "" {
			bad = append(bad, fmt.Sprintf("%s:%d: %s; do it, or open an issue", name, n, word))
		}
	})
	return bad
}

// foreign is what must not be found anywhere in the tree.
var foreign = map[string]*regexp.Regexp{
	"a path of one machine": regexp.MustCompile(`(^|[^\w.:/-])/(?:root|work|home/\w+|Users/\w+)/`),
	"a private key":         regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY`),
	"a conflict of a merge": regexp.MustCompile(`^(<{7}|>{7}|\|{7}) `),
}

func foreignRule(t *tree) (bad []string) {
	t.numbered(func(name string, n int, line string) {
		for what, pattern := range foreign {
			if pattern.MatchString(line) {
				bad = append(bad, fmt.Sprintf("%s:%d: %s", name, n, what))
			}
		}
	})
	return bad
}

var (
	codeText = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)(?:\s+"[^"]*")?\)`)
	heading  = regexp.MustCompile(`(?m)^#+\s+(.*?)\s*$`)
	unslug   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// linkRule: a link inside the repository leads to a file, and to a heading in
// it where it names one. Links to other sites are not followed.
func linkRule(t *tree) (bad []string) {
	for name, text := range t.texts {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(codeText.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if !t.has(target) {
				bad = append(bad, fmt.Sprintf("%s links to %s, which is not there", name, m[1]))
			} else if anchor != "" && !slices.Contains(anchors(t.texts[target]), anchor) {
				bad = append(bad, fmt.Sprintf("%s links to %s: no heading of that name", name, m[1]))
			}
		}
	}
	return bad
}

// has says whether a text file, or a folder of one, is in the tree.
func (t *tree) has(target string) bool {
	for name := range t.texts {
		if within(name, target) {
			return true
		}
	}
	return false
}

// anchors are the names under which a document's headings can be linked to.
func anchors(text string) (names []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		slug := unslug.ReplaceAllString(strings.ToLower(m[1]), "")
		names = append(names, strings.ReplaceAll(slug, " ", "-"))
	}
	return names
}

// dependencies is the document with a line for each library, and the headings
// of its two lists.
const (
	dependencies = "docs/dependencies.md"
	linked       = "In the module"
	chosen       = "Chosen, not yet used"
)

var (
	requires = regexp.MustCompile(`(?m)^(?:require)?\s+([\w.-]+(?:/[\w.~-]+)+)\s+v\S+$`) // an indirect one ends in a comment
	row      = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)\\|\\s*$")
)

// dependencyRule: each direct dependency has a line that says what it is for,
// its licence and why it is not own code; no line outlives its dependency.
func dependencyRule(t *tree) (bad []string) {
	used := map[string]bool{}
	for _, m := range requires.FindAllStringSubmatch(t.texts["go.mod"], -1) {
		used[m[1]] = true
	}
	told := map[string]bool{}
	for _, part := range strings.Split(t.texts[dependencies], "\n## ") {
		title, body, _ := strings.Cut(strings.TrimPrefix(part, "## "), "\n")
		for _, m := range row.FindAllStringSubmatch(body, -1) {
			cells := strings.Split(m[2], "|")
			switch {
			case len(cells) != 3 || slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) == "" }):
				bad = append(bad, fmt.Sprintf("%s: the line of %s is not filled in: what for, licence, why not own code", dependencies, m[1]))
			case title == linked && !used[m[1]]:
				bad = append(bad, fmt.Sprintf("%s: %s is not in go.mod", dependencies, m[1]))
			case title == linked:
				told[m[1]] = true
			case title == chosen && used[m[1]]:
				bad = append(bad, fmt.Sprintf("%s: %s is used now: move its line to %q", dependencies, m[1], linked))
			}
		}
	}
	for name := range used {
		if !told[name] {
			bad = append(bad, fmt.Sprintf("%s has no line under %q in %s", name, linked, dependencies))
		}
	}
	return bad
}

// pins are versions that belong together: the SQLite driver is built and
// tested with one libc, the one its own go.mod names (docs/decisions/0001).
var pins = map[string]string{"modernc.org/sqlite": "v1.60.1", "modernc.org/libc": "v1.77.1"}

var version = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+)\s+(v\S+)`)

func pinRule(t *tree) (bad []string) {
	for _, m := range version.FindAllStringSubmatch(t.texts["go.mod"], -1) {
		if want, pinned := pins[m[1]]; pinned && m[2] != want {
			bad = append(bad, fmt.Sprintf("go.mod: %s %s, want %s: the driver and its libc move together, to the pair the driver's go.mod names", m[1], m[2], want))
		}
	}
	return bad
}

// stock makes a tree with a go.mod and the two lists of libraries.
func stock(used, told, later string) map[string]string {
	text, mod := "## "+linked+"\n", "module x\n\nrequire (\n\te/f v1.0.0 // indirect\n"
	for _, name := range strings.Fields(used) {
		mod += "\t" + name + " v1.0.0\n"
	}
	for _, name := range strings.Fields(told) {
		text += "| `" + name + "` | work | MIT | long |\n"
	}
	text += "\n## " + chosen + "\n"
	for _, name := range strings.Fields(later) {
		text += "| `" + name + "` | work | MIT | long |\n"
	}
	return map[string]string{"go.mod": mod + ")\n", dependencies: text}
}

// oneEngine are constructs that SQLite and PostgreSQL do not share, or that a
// PostgreSQL spread over machines lacks.
var oneEngine = regexp.MustCompile(`(?i)\b(now\s*\(|current_(?:timestamp|date|time)\b|nextval|setval|create\s+sequence|(?:small|big)?serial\b|autoincrement|auto_increment|` +
	`generated\s+(?:always|by)|create\s+trigger|jsonb?\b|json_\w+|create\s+type|skip\s+locked|pg_\w+|timestamptz?\b|datetime\b|deferrable|blob\b|uuid\b|date_trunc|interval\s+')|->|@>|::\w`)

var floating = regexp.MustCompile(`(?i)\b(float\d?|real|double|numeric|decimal|money)\b`)

var (
	migrationName = regexp.MustCompile(`^(\d{4})_[a-z]+\.sql$`)
	sqlComment    = regexp.MustCompile(`(?m)--.*$`)
	createTable   = regexp.MustCompile(`(?is)create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)\s*\((.*?)\n\)`)
	realmKey      = regexp.MustCompile(`(?is)primary\s+key\s*\(\s*realm\b|\brealm\s+text\b[^,]*\bprimary\s+key\b`)
)

// unrealmed are the tables of the installation itself, which belong to nobody.
var unrealmed = []string{"schema_version", "installation", "heartbeat"}

// migrationRule: numbered without gap, one text for both engines, every table
// keyed by the realm first.
func migrationRule(t *tree) (bad []string) {
	counts, last := map[string]int{}, 0
	for name, text := range t.texts {
		file := path.Base(name)
		if path.Dir(name) != "store/migrations" || path.Ext(name) != ".sql" {
			continue
		}
		m := migrationName.FindStringSubmatch(file)
		if m == nil {
			bad = append(bad, name+": a migration is called NNNN_word.sql")
			continue
		}
		counts[m[1]]++
		last++
		for _, complaint := range statements(sqlComment.ReplaceAllString(text, "")) {
			bad = append(bad, name+": "+complaint)
		}
	}
	for n := 1; n <= last; n++ {
		switch number := fmt.Sprintf("%04d", n); counts[number] {
		case 0:
			bad = append(bad, "store/migrations: "+number+" is missing; numbers have no gap")
		case 1:
		default:
			bad = append(bad, "store/migrations: "+number+" twice")
		}
	}
	return bad
}

// statements judges the text of a migration, its comments taken out.
func statements(text string) (bad []string) {
	if word := oneEngine.FindString(text); word != "" {
		bad = append(bad, fmt.Sprintf("%q runs on one engine only", word))
	}
	if word := floating.FindString(text); word != "" {
		bad = append(bad, fmt.Sprintf("%q: an amount is a BIGINT of minor units, never a float", word))
	}
	for line := range strings.Lines(text) {
		if at := strings.IndexByte(line, ';'); at >= 0 && strings.TrimSpace(line[at+1:]) != "" {
			bad = append(bad, fmt.Sprintf("%q: a statement's semicolon ends its line", strings.TrimSpace(line)))
		}
	}
	if end := strings.TrimSpace(text); !strings.HasSuffix(end, ";") {
		bad = append(bad, "the last statement's semicolon ends its line")
	}
	for _, m := range createTable.FindAllStringSubmatch(text, -1) {
		if !realmKey.MatchString(m[2]) && !slices.Contains(unrealmed, m[1]) {
			bad = append(bad, fmt.Sprintf("table %s: a primary key leads with the realm", m[1]))
		}
	}
	return bad
}

// goodTable is a migration that nothing is wrong with. It opens with a comment.
const goodTable = `-- Notes; no trigger, no float.
CREATE TABLE note (
    realm TEXT NOT NULL,
    id TEXT NOT NULL,
    amount BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (realm, id)
);
`

// migrations makes a tree of migrations: names and texts in turn.
func migrations(files ...string) map[string]string {
	all := map[string]string{}
	for n := 0; n < len(files); n += 2 {
		all["store/migrations/"+files[n]] = files[n+1]
	}
	return all
}
