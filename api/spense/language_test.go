package spense

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"strconv"
	"testing"
)

// TestEveryTextIsTranslated: whatever an error says it says in every language
// (sheet, 2.4).
func TestEveryTextIsTranslated(t *testing.T) {
	f, err := goparser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{linkName}
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok || len(lit.Elts) != 2 {
			return true
		}
		if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "trouble" {
			text, err := strconv.Unquote(lit.Elts[1].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
		return true
	})
	if len(texts) < 35 {
		t.Fatalf("found %d texts", len(texts))
	}
	for _, text := range texts {
		for _, lang := range languages[1:] {
			if translate(lang, text) == text {
				t.Errorf("%q has no words in %s", text, lang)
			}
		}
	}
}
