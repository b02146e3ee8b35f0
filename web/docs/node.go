package docs

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// node is a place in a document; the zero node is nowhere, and everything
// below nowhere is nowhere. Nodes keep the document's order, which maps lose.
type node struct{ n *yaml.Node }

func wrap(n *yaml.Node) node {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	return node{n}
}

func (n node) ok() bool { return n.n != nil }

// at follows keys.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		found := node{}
		n.each(func(k string, v node) {
			if k == key && !found.ok() {
				found = v
			}
		})
		n = found
	}
	return n
}

// each walks a mapping.
func (n node) each(f func(key string, v node)) {
	if n.n == nil || n.n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		f(n.n.Content[i].Value, wrap(n.n.Content[i+1]))
	}
}

// list is the items of a sequence.
func (n node) list() []node {
	if n.n == nil || n.n.Kind != yaml.SequenceNode {
		return nil
	}
	var out []node
	for _, c := range n.n.Content {
		out = append(out, wrap(c))
	}
	return out
}

// text is a scalar as written, or "".
func (n node) text() string {
	if n.n == nil || n.n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.n.Value
}

func (n node) texts() []string {
	var out []string
	for _, item := range n.list() {
		out = append(out, item.text())
	}
	return out
}

func (n node) yes() bool { return n.text() == "true" }

// json writes a value, indented, keys in the document's order.
func (n node) json() string {
	var b strings.Builder
	n.write(&b, "")
	return b.String()
}

func (n node) write(b *strings.Builder, indent string) {
	inner := indent + "  "
	switch {
	case n.n == nil:
		b.WriteString("null")
	case n.n.Kind == yaml.MappingNode && len(n.n.Content) > 0:
		first := true
		b.WriteString("{")
		n.each(func(k string, v node) {
			if !first {
				b.WriteString(",")
			}
			first = false
			b.WriteString("\n" + inner + quote(k) + ": ")
			v.write(b, inner)
		})
		b.WriteString("\n" + indent + "}")
	case n.n.Kind == yaml.MappingNode:
		b.WriteString("{}")
	case n.n.Kind == yaml.SequenceNode && len(n.n.Content) > 0:
		b.WriteString("[")
		for i, item := range n.list() {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("\n" + inner)
			item.write(b, inner)
		}
		b.WriteString("\n" + indent + "]")
	case n.n.Kind == yaml.SequenceNode:
		b.WriteString("[]")
	case n.n.Tag == "!!str" || n.n.Tag == "!!timestamp":
		b.WriteString(quote(n.n.Value))
	case n.n.Tag == "!!null":
		b.WriteString("null")
	default:
		b.WriteString(n.n.Value)
	}
}

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
