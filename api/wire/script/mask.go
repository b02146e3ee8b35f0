package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Mask says that text of a form differs from run to run.
type Mask struct {
	Pattern *regexp.Regexp
	Name    string // as it is shown: <id>
	Member  string // of this name alone, which may be a number; "" for all texts
	Named   bool   // what is said again later is shown by where it was said first
}

// show writes an answer as a script has it: the status, the headers that are
// shown, the body when it is JSON.
func (p *play) show(step string, r *reply) string {
	var b strings.Builder
	if r.status != 0 {
		fmt.Fprintln(&b, r.status)
	}
	for _, name := range p.Show {
		if v := r.header.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, p.mask(step, name, v))
		}
	}
	if r.decoded == nil {
		if kind := r.header.Get("Content-Type"); len(r.body) > 0 && kind != "" {
			fmt.Fprintf(&b, "Content-Type: %s\n", kind)
			if strings.HasPrefix(kind, "text/csv") { // without its CRs, which the script cannot hold
				b.WriteString(p.mask(step, "", strings.ReplaceAll(string(r.body), "\r\n", "\n")))
			}
		}
		return b.String()
	}
	var out bytes.Buffer
	p.node(&out, json.NewDecoder(bytes.NewReader(r.body)), step, "")
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, out.Bytes(), "", "  "); err != nil {
		return b.String() + err.Error()
	}
	return b.String() + pretty.String() + "\n"
}

// node copies one value of the body, members in their order, strings masked.
func (p *play) node(out *bytes.Buffer, in *json.Decoder, step, path string) {
	in.UseNumber()
	token, err := in.Token()
	if err != nil {
		out.WriteString(err.Error())
		return
	}
	switch x := token.(type) {
	case json.Delim:
		out.WriteRune(rune(x))
		for n := 0; in.More(); n++ {
			if n > 0 {
				out.WriteByte(',')
			}
			name := fmt.Sprint(n)
			if x == '{' {
				key, err := in.Token()
				if err != nil {
					out.WriteString(err.Error())
					return
				}
				name = fmt.Sprint(key)
				fmt.Fprintf(out, "%s:", quote(name))
			}
			p.node(out, in, step, strings.TrimPrefix(path+"."+name, "."))
		}
		if end, err := in.Token(); err == nil {
			fmt.Fprint(out, end)
		}
	case string:
		out.Write(quote(p.mask(step, path, x)))
	case json.Number:
		if p.counted(path) {
			out.Write(quote(p.mask(step, path, x.String())))
			return
		}
		out.WriteString(x.String())
	default:
		raw, err := json.Marshal(x)
		if err != nil {
			raw = []byte(err.Error())
		}
		out.Write(raw)
	}
}

// counted says whether a number differs from run to run: a mask names its
// member.
func (p *play) counted(path string) bool {
	return slices.ContainsFunc(p.Masks, func(m Mask) bool { return m.Member != "" && path[strings.LastIndexByte(path, '.')+1:] == m.Member })
}

// quote writes a JSON string in which <id> stays legible.
func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(b.Bytes())
}

// mask hides what differs from run to run: what was said before is named, the
// rest becomes what it is. The longest earlier text goes first.
func (p *play) mask(step, path, text string) string {
	out := text
	var known []string
	for v := range p.seen {
		known = append(known, v)
	}
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	for _, v := range known {
		out = strings.ReplaceAll(out, v, "{"+p.seen[v]+"}")
	}
	for name, v := range p.Values {
		if strings.HasPrefix(v, "http") {
			out = strings.ReplaceAll(out, v, "{"+name+"}")
		}
	}
	whole := false
	for _, m := range p.Masks {
		if m.Member != "" && path[strings.LastIndexByte(path, '.')+1:] != m.Member {
			continue
		}
		masked := m.Pattern.ReplaceAllString(out, m.Name)
		whole = whole || m.Named && masked != out && masked == m.Name
		out = masked
	}
	if whole {
		p.seen[text] = step + "." + path
	}
	return out
}
