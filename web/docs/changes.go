package docs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Change is a part of a document that bears the day on which it was added.
type Change struct {
	On    string // YYYY-MM-DD
	What  Paragraph
	About []Paragraph
}

// added is the mark of such a part, in a document.
const added = "x-added"

// Changes lists what of a document bears a day, the newest first.
func Changes(doc []byte) ([]Change, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(doc, &root); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	if aliased(&root) {
		return nil, fmt.Errorf("openapi: YAML aliases are not read; use $ref")
	}
	var list []Change
	walk(wrap(&root), nil, &list)
	slices.SortStableFunc(list, func(a, b Change) int { return cmp.Compare(b.On, a.On) })
	return list, nil
}

// walk looks at a node and all below it; path are the keys that lead there, and
// of a list's item its name.
func walk(n node, path []string, list *[]Change) {
	if on := n.at(added).text(); on != "" {
		about := n.at("summary").text()
		if about == "" {
			about = n.at("description").text()
		}
		*list = append(*list, Change{on, Pieces(place(path)), paragraphs(about)})
	}
	n.each(func(key string, v node) {
		if key != "example" && key != "examples" {
			walk(v, append(slices.Clone(path), key), list)
		}
	})
	for _, item := range n.list() {
		walk(item, append(slices.Clone(path), strings.TrimSpace(item.at("name").text()+" "+item.at("in").text())), list)
	}
}

// place says in words where a path leads.
func place(path []string) string {
	owner := strings.Join(path, " ")
	switch {
	case len(path) >= 3 && path[0] == "paths":
		owner = strings.ToUpper(path[2]) + " " + path[1]
	case len(path) >= 3 && path[0] == "components":
		owner = path[2]
	case len(path) >= 2 && path[0] == "webhooks":
		owner = "webhook " + path[1]
	}
	var names []string
	for i, key := range path {
		switch {
		case i+1 == len(path):
		case key == "properties":
			names = append(names, path[i+1])
		case key == "parameters" && path[0] == "paths": // of components, a parameter is the owner itself
			name, in, _ := strings.Cut(path[i+1], " ")
			return "`" + name + "` (" + in + ") of `" + owner + "`"
		}
	}
	if len(names) > 0 {
		return "`" + strings.Join(names, ".") + "` of `" + owner + "`"
	}
	return "`" + owner + "`"
}
