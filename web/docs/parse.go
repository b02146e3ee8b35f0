package docs

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// reader reads one document.
type reader struct {
	root node
	open map[*yaml.Node]bool // schemas being listed, since they may contain themselves
}

// Parse reads an OpenAPI 3.1 document in YAML or JSON. References must point
// into the document itself.
func Parse(doc []byte) (Reference, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(doc, &root); err != nil {
		return Reference{}, fmt.Errorf("openapi: %w", err)
	}
	if aliased(&root) {
		return Reference{}, fmt.Errorf("openapi: YAML aliases are not read; use $ref")
	}
	r := reader{wrap(&root), map[*yaml.Node]bool{}}
	if !strings.HasPrefix(r.root.at("openapi").text(), "3.") {
		return Reference{}, fmt.Errorf("openapi: no version 3 document")
	}
	out := Reference{Title: r.root.at("info", "title").text(), Version: r.root.at("info", "version").text(),
		About: paragraphs(r.root.at("info", "description").text())}
	for _, s := range r.root.at("servers").list() {
		out.Servers = append(out.Servers, s.at("url").text())
	}
	r.root.at("components", "securitySchemes").each(func(name string, s node) {
		s = r.follow(s)
		kind := strings.TrimSpace(s.at("type").text() + " " + s.at("scheme").text())
		if in := s.at("in").text(); in != "" {
			kind += " in " + in + " " + s.at("name").text()
		}
		out.Security = append(out.Security, Scheme{name, kind, paragraphs(s.at("description").text())})
	})
	out.Groups = r.groups()
	r.root.at("components", "schemas").each(func(name string, s node) {
		out.Schemas = append(out.Schemas, Schema{Name: name, Anchor: anchor("schema", name), Kind: r.kind(s), About: paragraphs(s.at("description").text()),
			Fields: r.fields(s, 0), Values: s.at("enum").texts(), Facts: facts(s), Examples: r.examples(s, "application/json")})
	})
	return out, nil
}

// aliased says whether a tree has an alias, through which it could contain
// itself.
func aliased(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, aliased)
}

// follow resolves a reference, a few times at most: a document may be circular.
func (r reader) follow(n node) node {
	for range 8 {
		ref := n.at("$ref").text()
		if ref == "" {
			return n
		}
		path, ok := strings.CutPrefix(ref, "#/")
		if !ok {
			return node{}
		}
		target := r.root
		for _, key := range strings.Split(path, "/") {
			target = target.at(strings.NewReplacer("~1", "/", "~0", "~").Replace(key))
		}
		n = target
	}
	return node{}
}

// groups sorts the operations by their first tag, in the order of the tags.
func (r reader) groups() []Group {
	var out []Group
	index := map[string]int{}
	group := func(name string) *Group {
		i, ok := index[name]
		if !ok {
			i = len(out)
			index[name] = i
			out = append(out, Group{Name: name, Anchor: anchor("group", name)})
		}
		return &out[i]
	}
	for _, t := range r.root.at("tags").list() {
		group(t.at("name").text()).About = paragraphs(t.at("description").text())
	}
	r.root.at("paths").each(func(path string, item node) {
		item = r.follow(item)
		for _, m := range methods {
			op := item.at(m)
			if !op.ok() {
				continue
			}
			tag := "Operations"
			if tags := op.at("tags").texts(); len(tags) > 0 {
				tag = tags[0]
			}
			g := group(tag)
			g.Operations = append(g.Operations, r.operation(strings.ToUpper(m), path, item, op))
		}
	})
	filled := out[:0]
	for _, g := range out {
		if len(g.Operations) > 0 {
			filled = append(filled, g)
		}
	}
	return filled
}

func (r reader) operation(method, path string, item, op node) Operation {
	o := Operation{Method: method, Path: path, Title: op.at("summary").text(), About: paragraphs(op.at("description").text()), Deprecated: op.at("deprecated").yes()}
	if o.Title == "" {
		o.Title = path
	}
	if on := op.at(added).text(); on != "" {
		o.About = append(o.About, Pieces("Added "+on+"."))
	}
	name := op.at("operationId").text()
	if name == "" {
		name = method + " " + path
	}
	o.Anchor = anchor("op", name)
	o.Parameters = r.parameters(item, op)
	body := r.follow(op.at("requestBody"))
	o.Bodies = r.bodies(body.at("content"), body.at("required").yes())
	op.at("responses").each(func(status string, a node) {
		a = r.follow(a)
		o.Answers = append(o.Answers, Answer{status, paragraphs(a.at("description").text()), r.bodies(a.at("content"), false)})
	})
	o.Curl = r.curl(o, op)
	return o
}

// parameters are the path item's and then the operation's own, which replace
// those of the same name and place.
func (r reader) parameters(item, op node) []Field {
	var out []Field
	for _, p := range append(item.at("parameters").list(), op.at("parameters").list()...) {
		p = r.follow(p)
		schema := r.follow(p.at("schema"))
		f := Field{Name: p.at("name").text(), In: p.at("in").text(), Kind: r.kind(p.at("schema")), Required: p.at("required").yes(),
			About: paragraphs(p.at("description").text()), Facts: facts(schema), Values: schema.at("enum").texts(), Example: p.at("example").text()}
		if f.Example == "" {
			f.Example = example(schema)
		}
		if on := p.at(added).text(); on != "" {
			f.Facts = append(f.Facts, "added "+on)
		}
		known := false
		for i := range out {
			if out[i].Name == f.Name && out[i].In == f.In {
				out[i], known = f, true
			}
		}
		if !known {
			out = append(out, f)
		}
	}
	return out
}

func (r reader) bodies(content node, required bool) []Body {
	var out []Body
	content.each(func(kind string, media node) {
		media = r.follow(media)
		schema := media.at("schema")
		b := Body{Type: kind, Required: required, Schema: r.kind(schema), Fields: r.fields(schema, 0), Examples: r.examples(media, kind)}
		if len(b.Examples) == 0 {
			b.Examples = r.examples(r.follow(schema), kind)
		}
		out = append(out, b)
	})
	return out
}

// examples are those of a media type (example, examples by name) or of a
// schema (example, examples as a list).
func (r reader) examples(n node, kind string) []Example {
	var out []Example
	if e := n.at("example"); e.ok() {
		out = append(out, Example{"Example", onWire(e, kind)})
	}
	n.at("examples").each(func(name string, e node) {
		e = r.follow(e)
		title := e.at("summary").text()
		if title == "" {
			title = name
		}
		out = append(out, Example{title, onWire(e.at("value"), kind)})
	})
	for _, e := range n.at("examples").list() {
		out = append(out, Example{"Example", onWire(e, kind)})
	}
	return out
}

// onWire writes an example in its content type: forms as a line per field.
func onWire(n node, kind string) string {
	if text := n.text(); text != "" && n.n.Tag == "!!str" {
		return strings.TrimSuffix(text, "\n")
	}
	if !strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		return n.json()
	}
	var lines []string
	n.each(func(k string, v node) { lines = append(lines, k+"="+url.QueryEscape(v.text())) })
	return strings.Join(lines, "\n&")
}

// anchor is an id for the page.
func anchor(kind, name string) string {
	return kind + "-" + strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, name)
}

// paragraphs splits running text at empty lines, at the items of lists and at
// backticks.
func paragraphs(text string) []Paragraph {
	var out []Paragraph
	for _, part := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		part = strings.ReplaceAll("\n"+strings.TrimSpace(part), "\n- ", "\n\n• ")
		for item := range strings.SplitSeq(part, "\n\n") {
			if p := Pieces(strings.TrimSpace(item)); p != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// Pieces splits a text at its backticks.
func Pieces(text string) Paragraph {
	var p Paragraph
	for i, piece := range strings.Split(text, "`") {
		if piece != "" {
			p = append(p, Piece{piece, i%2 == 1})
		}
	}
	return p
}
