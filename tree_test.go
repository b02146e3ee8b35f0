package florin_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// module is the path that every package of ours begins with.
const module = "github.com/florinpay/florin"

// A tree is the whole repository as the house rules see it: Go files parsed,
// every other file as text. Rules are plain functions over a tree, so each can
// be shown a small bad one and must complain.
type tree struct {
	fset  *token.FileSet
	files []*gofile
	texts map[string]string // every text file, Go files too, by slash path
}

// A gofile is one parsed Go file.
type gofile struct {
	path string // from the root, with slashes
	text []byte
	ast  *ast.File
	fset *token.FileSet
}

func (f *gofile) dir() string { return path.Dir(f.path) }

func (f *gofile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// under says whether the file lies in one of the folders or below it.
func (f *gofile) under(dirs ...string) bool {
	for _, d := range dirs {
		if within(f.dir(), d) {
			return true
		}
	}
	return false
}

// within says whether dir is root or lies below it.
func within(dir, root string) bool {
	rest, ok := strings.CutPrefix(dir, root)
	return ok && (rest == "" || rest[0] == '/')
}

// at words a complaint about a place in the file.
func (f *gofile) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", f.path, f.fset.Position(pos).Line, fmt.Sprintf(format, args...))
}

// imports returns the paths that the file imports, by the name used for them
// in the file.
func (f *gofile) imports() map[string]string {
	named := map[string]string{}
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it, so this cannot be
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
			if name == "_" || name == "." {
				name += p // several of these may stand in one file
			}
		}
		named[name] = p
	}
	return named
}

// skipped are folders that hold no source of ours.
func skipped(name string) bool {
	switch name {
	case "bin", "tmp", "node_modules", "vendor":
		return true
	}
	return strings.HasPrefix(name, ".") && name != "." && name != ".ci" && name != ".github"
}

// load reads a tree. Binary files are left out.
func load(files fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), texts: map[string]string{}}
	err := fs.WalkDir(files, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(d.Name()):
			return fs.SkipDir
		case !d.Type().IsRegular() || d.Name() == ".git": // a file, in a second work tree
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 4<<20 {
			return err
		}
		text, err := fs.ReadFile(files, p)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			return err
		}
		t.texts[p] = string(text)
		if path.Ext(p) != ".go" || strings.Contains("/"+p, "/testdata/") {
			return nil
		}
		file, err := parser.ParseFile(t.fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
		t.files = append(t.files, &gofile{path: p, text: text, ast: file, fset: t.fset})
		return err
	})
	return t, err
}

// packages returns the files that are no tests, by folder.
func (t *tree) packages() map[string][]*gofile {
	found := map[string][]*gofile{}
	for _, f := range t.files {
		if !f.isTest() {
			found[f.dir()] = append(found[f.dir()], f)
		}
	}
	return found
}

// A rule is one promise of the house. good and bad are small trees that show
// it can tell one from the other; bad must draw a complaint that holds says.
type rule struct {
	name  string
	check func(*tree) []string
	good  map[string]string
	bad   []sample
}

// A sample is a small tree that breaks a rule.
type sample struct {
	says  string
	files map[string]string
}

// run shows that each rule can fail, then holds the house to it.
func run(t *testing.T, rules []rule) {
	house, err := load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if got := r.check(small(t, r.good)); len(got) > 0 {
				t.Errorf("the rule complains of a good tree: %q", got)
			}
			for _, s := range r.bad {
				got := strings.Join(r.check(small(t, s.files)), "\n")
				if s.says == "" || !strings.Contains(got, s.says) {
					t.Errorf("the rule says %q of a bad tree, want %q in it", got, s.says)
				}
			}
			for _, complaint := range r.check(house) {
				t.Error(complaint)
			}
		})
	}
}

func small(t *testing.T, files map[string]string) *tree {
	t.Helper()
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tree, err := load(m)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
