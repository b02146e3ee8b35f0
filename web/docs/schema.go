package docs

import (
	"slices"
	"strings"
)

// deepest is how far properties inside properties are listed; what lies
// deeper has a schema of its own in any document that people can read.
const deepest = 4

// kind says a schema's type in words.
func (r reader) kind(s node) Kind {
	if ref := s.at("$ref").text(); ref != "" {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		if strings.HasPrefix(ref, "#/components/schemas/") {
			return Kind{name, anchor("schema", name)}
		}
		return Kind{Text: name}
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		if options := s.at(word).list(); len(options) > 0 {
			var names []string
			for _, o := range options {
				names = append(names, r.kind(o).Text)
			}
			return Kind{Text: strings.Join(names, " or ")}
		}
	}
	types := s.at("type").texts()
	if one := s.at("type").text(); one != "" {
		types = []string{one}
	}
	if len(types) == 0 {
		switch {
		case s.at("properties").ok() || s.at("allOf").ok():
			types = []string{"object"}
		case s.at("enum").ok() || s.at("const").ok():
			types = []string{"string"}
		default:
			return Kind{Text: "any"}
		}
	}
	if slices.Contains(types, "array") && s.at("items").ok() {
		inner := r.kind(s.at("items"))
		return Kind{"list of " + inner.Text, inner.Anchor}
	}
	text := strings.Join(types, " or ")
	if format := s.at("format").text(); format != "" {
		text += " (" + format + ")"
	}
	return Kind{Text: text}
}

// fields lists the properties of a schema, inner ones after their owner. A
// schema that is a reference is opened at the top alone; below, it is a link.
func (r reader) fields(s node, depth int) []Field {
	if depth >= deepest {
		return nil
	}
	if depth == 0 {
		s = r.follow(s)
	}
	if !s.ok() || r.open[s.n] {
		return nil
	}
	r.open[s.n] = true
	defer delete(r.open, s.n)
	if items := s.at("items"); items.ok() {
		if items.at("$ref").ok() && depth > 0 {
			return nil
		}
		return r.fields(r.follow(items), depth)
	}
	var out []Field
	for _, word := range []string{"allOf", "oneOf", "anyOf"} {
		for _, part := range s.at(word).list() {
			out = append(out, r.fields(r.follow(part), depth)...)
		}
	}
	required := s.at("required").texts()
	s.at("properties").each(func(name string, p node) {
		f := Field{Name: name, Kind: r.kind(p), Required: slices.Contains(required, name), Depth: depth}
		opened := r.follow(p)
		f.About, f.Facts, f.Values, f.Example = paragraphs(p.at("description").text()), facts(opened), opened.at("enum").texts(), example(opened)
		if f.About == nil {
			f.About = paragraphs(opened.at("description").text())
		}
		out = append(out, f)
		if !p.at("$ref").ok() {
			out = append(out, r.fields(p, depth+1)...)
		}
	})
	return out
}

// facts are the limits of a schema in short words.
func facts(s node) []string {
	var out []string
	for _, f := range []struct{ key, words string }{
		{"pattern", "matches "}, {"minLength", "at least characters: "}, {"maxLength", "at most characters: "},
		{"minimum", "at least "}, {"maximum", "at most "}, {"minItems", "at least items: "}, {"maxItems", "at most items: "},
		{"const", "always "}, {"default", "default "}, {added, "added "},
	} {
		if v := s.at(f.key).text(); v != "" {
			out = append(out, f.words+v)
		}
	}
	return out
}

func example(s node) string {
	if e := s.at("example").text(); e != "" {
		return e
	}
	if list := s.at("examples").texts(); len(list) > 0 {
		return list[0]
	}
	return ""
}

// curl writes an operation as a command, with the first example of its body.
func (r reader) curl(o Operation, op node) string {
	server := "http://127.0.0.1:8080"
	if s := r.root.at("servers").list(); len(s) > 0 {
		given := strings.TrimSuffix(s[0].at("url").text(), "/")
		if strings.HasPrefix(given, "/") || given == "" {
			given = server + given // a document may leave the host open
		}
		server = given
	}
	path, query := o.Path, ""
	for _, p := range o.Parameters {
		value := p.Example
		if value == "" {
			value = "<" + p.Name + ">"
		}
		switch {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == "query" && p.Required:
			query += map[bool]string{true: "?", false: "&"}[query == ""] + p.Name + "=" + value
		}
	}
	lines := []string{"curl"}
	if o.Method != "GET" && (o.Method != "POST" || len(o.Bodies) == 0) {
		lines[0] += " -X " + o.Method
	}
	lines[0] += " " + shell(server+path+query)
	security := r.root.at("security")
	if own := op.at("security"); own.ok() {
		security = own
	}
	if len(security.list()) > 0 {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	if len(o.Bodies) > 0 && len(o.Bodies[0].Examples) > 0 {
		body, text := o.Bodies[0], o.Bodies[0].Examples[0].Text
		if strings.HasPrefix(body.Type, "application/x-www-form-urlencoded") {
			for _, pair := range strings.Split(text, "\n&") {
				lines = append(lines, "-d "+shell(pair))
			}
		} else {
			lines = append(lines, "-H "+shell("Content-Type: "+body.Type), "-d "+shell(text))
		}
	}
	return strings.Join(lines, " \\\n  ")
}

// shell quotes a word for a shell.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
