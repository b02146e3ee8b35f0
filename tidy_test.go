package florin_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The limits of a file and of a function, in lines.
const (
	fileLines     = 500
	functionLines = 70
)

// TestTidy holds the Go files to the rules of CONTRIBUTING.md.
func TestTidy(t *testing.T) {
	run(t, []rule{
		{"lines", lineRule, code(strings.Repeat("\n", 490)), []sample{{"has 501 lines", code(strings.Repeat("\n", 500))}}},
		{"functions", functionRule, code("\nfunc a() {\n" + strings.Repeat("\n", 60) + "}\n"),
			[]sample{{"a has 72 lines", code("\nfunc a() {\n" + strings.Repeat("\n", 70) + "}\n")}}},
		{"gofmt", formatRule, code("\nvar a = 1\n"), []sample{{"gofmt", code("\nvar  a = 1\n")}}},
		{"files", fileNameRule, map[string]string{"app/http_test.go": "package app\n"},
			[]sample{{"single word", map[string]string{"app/http_mux.go": "package app\n"}}}},
		{"packages", packageRule, code(""), []sample{
			{"says nothing", map[string]string{"core/util/a.go": "package util\n"}},
			{"says nothing", map[string]string{"core/internal/money/a.go": "package money\n"}}}},
		{"types", typeRule, code("\ntype Metadata struct{}\n\ntype Issuer interface{}\n"), []sample{
			{"KeyManager", code("\ntype KeyManager struct{}\n")},
			{"cardData", code("\ntype cardData struct{}\n")},
			{"IStore", code("\ntype IStore interface{}\n")}}},
		{"comments", packageCommentRule, map[string]string{"app/doc.go": "// Package app is.\npackage app\n", "app/b.go": "package app\n"},
			[]sample{{"app has no package comment", map[string]string{"app/b.go": "package app\n"}}}},
		{"docstrings", docRule, code("\n// A is.\ntype A struct{}\n\nfunc (A) String() string { return \"\" }\n"), []sample{
			{"Pay has no docstring", code("\nfunc Pay() {}\n")},
			{"Pay has no docstring", code("\n// A is.\ntype A struct{}\n\nfunc (A) Pay() {}\n")},
			{"A has no docstring", code("\ntype A struct{}\n")}}},
		{"sql", sqlRule, merge(map[string]string{"core/payment/rows.go": "package payment\n\nvar a = `SELECT id FROM payment`\n"},
			code("\nvar a = `select a card`\n\nvar b = `Update now`\n\nvar c = `with care`\n")), []sample{
			{"SQL text", code("\nvar a = `select id from payment`\n")},
			{"SQL text", code("\nvar a = \"\\n\\tINSERT INTO a VALUES (1)\"\n")},
			{"SQL text", code("\nvar a = \"delete from \" + b\n")},
			{"SQL text", code("\nvar a = `WITH b AS (VALUES (1)) TABLE b`\n")},
			{"SQL text", code("\nvar a = `UPDATE a SET b = 1`\n")},
			{"SQL text", code("\nvar a = `create unique index a`\n")},
			{"SQL text", map[string]string{"app/a_test.go": "package app\n\nvar a = `SELECT 1`\n"}},
			{"SQL text", map[string]string{"bench/hand.go": "package bench\n\nvar a = `SELECT 1`\n"}},
			{"runs on one engine only", map[string]string{"core/job/rows.go": "package job\n\nvar a = `SELECT data->'b' FROM job FOR UPDATE SKIP LOCKED`\n"}}}},
		{"chance", chanceRule, code("\nimport \"time\"\n\nvar a = time.Second\n"), []sample{
			{"time.Now", code("\nimport \"time\"\n\nvar a = time.Now()\n")},
			{"time.Since", code("\nimport now \"time\"\n\nvar a = now.Since\n")},
			{"math/rand", code("\nimport \"math/rand/v2\"\n\nvar a = rand.Int()\n")},
			{"goroutine", code("\nfunc a() {\n\tgo a()\n}\n")},
			{"goroutine", map[string]string{"connector/fake/a.go": "package fake\n\nfunc a() {\n\tgo a()\n}\n"}}}},
	})
}

// code makes a tree of one file of the core.
func code(text string) map[string]string {
	return map[string]string{"core/payment/a.go": "package payment\n" + text}
}

func lineRule(t *tree) (bad []string) {
	for _, f := range t.files {
		if n := bytes.Count(f.text, []byte("\n")); n > fileLines {
			bad = append(bad, fmt.Sprintf("%s has %d lines, the limit is %d; a second noun inside?", f.path, n, fileLines))
		}
	}
	return bad
}

func functionRule(t *tree) (bad []string) {
	for _, f := range t.files {
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1; n > functionLines {
				bad = append(bad, f.at(fn.Pos(), "%s has %d lines, the limit is %d", fn.Name.Name, n, functionLines))
			}
		}
	}
	return bad
}

func formatRule(t *tree) (bad []string) {
	for _, f := range t.files {
		if want, err := format.Source(f.text); err != nil || !bytes.Equal(f.text, want) {
			bad = append(bad, f.path+" is not as gofmt would have it: run make fmt")
		}
	}
	return bad
}

var oneWord = regexp.MustCompile(`^[a-z0-9]+(_(linux|darwin|windows|unix|amd64|arm64))?(_test)?\.go$`)

func fileNameRule(t *tree) (bad []string) {
	for _, f := range t.files {
		if !oneWord.MatchString(path.Base(f.path)) {
			bad = append(bad, f.path+": a file's name is a single word")
		}
	}
	return bad
}

// empty are names of folders and packages that say nothing of what is inside.
var empty = []string{"util", "utils", "common", "helper", "helpers", "type", "types", "model", "models", "internal", "pkg",
	"shared", "misc", "base", "manager", "service", "services", "port", "ports", "adapter", "adapters", "interfaces", "impl"}

func packageRule(t *tree) (bad []string) {
	for _, f := range t.files {
		for _, word := range append(strings.Split(f.dir(), "/"), strings.TrimSuffix(f.ast.Name.Name, "_test")) {
			if slices.Contains(empty, word) {
				bad = append(bad, fmt.Sprintf("%s: %q says nothing; a package is named after its noun", f.path, word))
			}
		}
	}
	return bad
}

var (
	emptySuffix = regexp.MustCompile(`(Manager|Helper|Impl|Data|Info)$`)
	iPrefix     = regexp.MustCompile(`^I[A-Z][a-z]`)
)

func typeRule(t *tree) (bad []string) {
	for _, f := range t.files {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			_, face := spec.Type.(*ast.InterfaceType)
			if name := spec.Name.Name; emptySuffix.MatchString(name) || face && iPrefix.MatchString(name) {
				bad = append(bad, f.at(spec.Pos(), "type %s: no Manager, Helper, Impl, Data, Info and no I before an interface; name what it is", name))
			}
			return true
		})
	}
	return bad
}

func packageCommentRule(t *tree) (bad []string) {
	for dir, files := range t.packages() {
		if !slices.ContainsFunc(files, func(f *gofile) bool { return f.ast.Doc != nil }) {
			bad = append(bad, dir+" has no package comment: say what it owns and what it leaves to whom")
		}
	}
	return bad
}

// known are methods whose meaning an interface of the standard library gives;
// those of connector.go's interfaces are added to them.
var known = []string{"String", "GoString", "Error", "Unwrap", "Is", "Format", "LogValue", "Scan", "Value", "ServeHTTP", "Read", "Write", "Close",
	"MarshalText", "UnmarshalText", "MarshalJSON", "UnmarshalJSON", "Len", "Less", "Swap"}

func docRule(t *tree) (bad []string) {
	given := slices.Clone(known)
	for _, f := range t.files {
		if f.path == "connector/connector.go" {
			given = append(given, methods(f.ast)...)
		}
	}
	for _, f := range t.files {
		if f.isTest() || !f.under("core", "connector", "store") {
			continue
		}
		for _, decl := range f.ast.Decls {
			bad = append(bad, undocumented(f, decl, given)...)
		}
	}
	return bad
}

// methods are the names of all methods of the interfaces in a file.
func methods(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if face, ok := n.(*ast.InterfaceType); ok {
			for _, m := range face.Methods.List {
				for _, name := range m.Names {
					names = append(names, name.Name)
				}
			}
		}
		return true
	})
	return names
}

func undocumented(f *gofile, decl ast.Decl, given []string) (bad []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		ours := d.Recv == nil || exported(d.Recv.List[0].Type) && !slices.Contains(given, d.Name.Name)
		if d.Name.IsExported() && ours && d.Doc == nil {
			bad = append(bad, f.at(d.Pos(), "%s has no docstring: shapes, units, faults in the order checked", d.Name.Name))
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				bad = append(bad, f.at(spec.Pos(), "%s has no docstring", spec.Name.Name))
			}
		}
	}
	return bad
}

// exported says whether a receiver's type is.
func exported(e ast.Expr) bool {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return false
		}
	}
}

// sqlText knows statements from English: "select a card" is no query. A
// statement may go on in another literal, so a bare beginning counts when it
// cannot be anything else.
var sqlText = regexp.MustCompile(`^\s*(` +
	`(?is:select\s.*\sfrom\s)|SELECT\b|(?i:insert\s+into)\b|UPDATE\s|(?is:update\s+\S+\s+set\b)|(?i:delete\s+from)\b|` +
	`(?is:with\s+(recursive\s+)?\w+\s*(\([^)]*\))?\s*as\s*(not\s+)?(materialized\s*)?\()|` +
	`(?i:create\s+(temp\s+|temporary\s+|unique\s+)?(table|index|view))\b|` +
	`WHERE\s|ORDER BY\s|ON CONFLICT\b|RETURNING\s)`)

// sqlRule: a noun's SQL stands in its rows.go, where all of it can be seen at
// once; where that grows too long, a part of it in a file like searchrows.go
// beside it. Tests inside the core may tamper with rows, to see that it is noticed;
// bench keeps, in its own rows.go, the SQL that florin is compared with.
func sqlRule(t *tree) (bad []string) {
	for _, f := range t.files {
		free := f.under("store") || f.path == "bench/rows.go" || f.isTest() && f.under("core", "cmd")
		rows := f.under("core") && strings.HasSuffix(path.Base(f.path), "rows.go")
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil || free {
				return false
			}
			if !rows && sqlText.MatchString(text) {
				bad = append(bad, f.at(lit.Pos(), "SQL text: it belongs in the rows.go of the noun whose tables these are"))
			}
			if word := oneEngine.FindString(text); rows && sqlText.MatchString(text) && word != "" {
				bad = append(bad, f.at(lit.Pos(), "%q runs on one engine only", word))
			}
			return false
		})
	}
	return bad
}

// chanceRule: the core's time, chance and order come from outside, so that a
// simulation can give them and a run can be repeated. The fake provider is
// part of the simulation.
func chanceRule(t *tree) (bad []string) {
	for _, f := range t.files {
		if f.isTest() || !f.under("core", "connector/fake") {
			continue
		}
		clock := ""
		for name, p := range f.imports() {
			if p == "time" {
				clock = name
			}
			if within(p, "math/rand") {
				bad = append(bad, f.path+" imports "+p+": chance comes from outside the core")
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.GoStmt:
				bad = append(bad, f.at(x.Pos(), "a goroutine: the app starts those, the core works in the caller's"))
			case *ast.SelectorExpr:
				if name, ok := x.X.(*ast.Ident); ok && name.Name == clock && slices.Contains([]string{"Now", "Since", "Until"}, x.Sel.Name) {
					bad = append(bad, f.at(x.Pos(), "time.%s: ask tx.Now or the clock given", x.Sel.Name))
				}
			}
			return true
		})
	}
	return bad
}
