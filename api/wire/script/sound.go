package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Operations lists what the document knows: method and path, in order.
func (d *Document) Operations() (list []string) {
	paths, _ := d.into(place{d.root, "#"}, "paths")
	for path, item := range paths.node {
		for name := range item.(map[string]any) {
			if name == "get" || name == "post" || name == "put" || name == "patch" || name == "delete" {
				list = append(list, strings.ToUpper(name)+" "+path)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Schema gives a schema of the components, its parts (allOf) put together:
// properties and patternProperties by name.
func (d *Document) Schema(name string) (properties, patterns map[string]map[string]any, err error) {
	p, ok := d.into(place{d.root, "#"}, "components", "schemas", name)
	if !ok {
		return nil, nil, fmt.Errorf("there is no schema %s", name)
	}
	properties, patterns = map[string]map[string]any{}, map[string]map[string]any{}
	d.gather(p, properties, patterns)
	return properties, patterns, nil
}

func (d *Document) gather(p place, properties, patterns map[string]map[string]any) {
	for member, into := range map[string]map[string]map[string]any{"properties": properties, "patternProperties": patterns} {
		named, ok := p.node[member].(map[string]any)
		if !ok {
			continue
		}
		for name := range named {
			if inner, ok := d.into(place{named, ""}, name); ok {
				into[name] = inner.node
			}
		}
	}
	parts, ok := p.node["allOf"].([]any)
	if !ok {
		return
	}
	for _, part := range parts {
		if inner, ok := d.into(place{map[string]any{"part": part}, ""}, "part"); ok {
			d.gather(inner, properties, patterns)
		}
	}
}

// Sound lists what is wrong with the document itself: schemas that do not
// compile, examples that do not fit, additions of ours without a date.
func (d *Document) Sound() (wrong []string) {
	d.sound(place{d.root, "#"}, &wrong)
	slices.Sort(wrong)
	return wrong
}

func (d *Document) sound(p place, wrong *[]string) {
	if p.node["x-florin"] == "ours" && p.node["x-added"] == nil {
		*wrong = append(*wrong, p.pointer+" is ours and says not since when")
	}
	if schema, ok := d.into(p, "schema"); ok {
		if s, err := d.schema(schema); err != nil {
			*wrong = append(*wrong, fmt.Sprintf("%s: %v", p.pointer, err))
		} else {
			for _, name := range slices.Sorted(maps.Keys(d.examples(p))) {
				if err := s.Validate(d.examples(p)[name]); err != nil {
					*wrong = append(*wrong, fmt.Sprintf("%s, example %s: %v", p.pointer, name, err))
				}
			}
		}
	}
	d.below(p.node, p.pointer, wrong)
}

func (d *Document) below(node any, pointer string, wrong *[]string) {
	switch x := node.(type) {
	case map[string]any:
		for name, inner := range x {
			if m, ok := inner.(map[string]any); ok {
				d.sound(place{m, pointer + "/" + pointerEscape.Replace(name)}, wrong)
			} else {
				d.below(inner, pointer+"/"+pointerEscape.Replace(name), wrong)
			}
		}
	case []any:
		for n, inner := range x {
			if m, ok := inner.(map[string]any); ok {
				d.sound(place{m, fmt.Sprintf("%s/%d", pointer, n)}, wrong)
			}
		}
	}
}

// examples are those of a media type or parameter.
func (d *Document) examples(p place) map[string]any {
	out := map[string]any{}
	if one, ok := p.node["example"]; ok {
		out["example"] = one
	}
	named, ok := d.into(p, "examples")
	if !ok {
		return out
	}
	for name := range named.node {
		if e, ok := d.into(named, name); ok {
			out[name] = e.node["value"]
		}
	}
	return out
}
