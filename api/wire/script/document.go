package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Document is an OpenAPI 3.1 document that answers are held to.
type Document struct {
	root     map[string]any
	compiler *jsonschema.Compiler

	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema
}

const home = "file:///openapi.json"

// Open reads a document. Every schema it has is compiled when it is first asked for.
func Open(text []byte) (*Document, error) {
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(tree) // the schema library knows JSON's types alone
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not a document")
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(home, doc); err != nil {
		return nil, err
	}
	return &Document{root: root, compiler: c, compiled: map[string]*jsonschema.Schema{}}, nil
}

// place is a node of the document and where it stands.
type place struct {
	node    map[string]any
	pointer string
}

var pointerEscape, pointerUnescape = strings.NewReplacer("~", "~0", "/", "~1"), strings.NewReplacer("~1", "/", "~0", "~")

// into goes from a place to a member's member, following references.
func (d *Document) into(p place, names ...string) (place, bool) {
	for _, name := range names {
		next, ok := p.node[name].(map[string]any)
		if !ok {
			return place{}, false
		}
		p = place{next, p.pointer + "/" + pointerEscape.Replace(name)}
		for {
			ref, ok := p.node["$ref"].(string)
			if !ok {
				break
			}
			p = place{d.root, "#"}
			for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
				next, ok := p.node[pointerUnescape.Replace(part)].(map[string]any)
				if !ok {
					return place{}, false
				}
				p = place{next, p.pointer + "/" + part}
			}
		}
	}
	return p, true
}

func (d *Document) schema(p place) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.compiled[p.pointer]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile(home + p.pointer)
	if err == nil {
		d.compiled[p.pointer] = s
	}
	return s, err
}

// operation finds what the document says of a method and path. A template
// with fewer variables goes first.
func (d *Document) operation(method, path string) (place, bool) {
	paths, _ := d.into(place{d.root, "#"}, "paths")
	best, least := "", 99
	for template := range paths.node {
		if n, ok := fits(template, path); ok && n < least {
			best, least = template, n
		}
	}
	return d.into(paths, best, strings.ToLower(method))
}

func fits(template, path string) (variables int, ok bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return 0, false
	}
	for i := range want {
		switch {
		case strings.HasPrefix(want[i], "{") && got[i] != "":
			variables++
		case want[i] != got[i]:
			return 0, false
		}
	}
	return variables, true
}

// Exchange is a request and its answer.
type Exchange struct {
	Method, Path string // without the server's prefix
	Form         url.Values
	Status       int
	Header       http.Header
	Body         []byte
}

// Check lists how an exchange departs from the document. An answer to a
// request that the document does not know must be what components say of an
// UnknownPath.
func (d *Document) Check(x Exchange) (wrong []string) {
	at := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s %s %d: ", x.Method, x.Path, x.Status)+fmt.Sprintf(format, args...))
	}
	op, known := d.operation(x.Method, x.Path)
	answer, declared := d.into(op, "responses", strconv.Itoa(x.Status))
	if !known && x.Status == http.StatusNotFound {
		answer, declared = d.into(place{d.root, "#"}, "components", "responses", "UnknownPath")
	}
	if !declared {
		at("this status is not declared")
		return wrong
	}
	if headers, ok := d.into(answer, "headers"); ok {
		for name := range headers.node {
			if h, _ := d.into(headers, name); h.node["required"] == true && x.Header.Get(name) == "" {
				at("the header %s is missing", name)
			}
		}
	}
	if err := d.body(answer, x.Header.Get("Content-Type"), x.Body); err != nil {
		at("%v", err)
	}
	if form, ok := d.into(op, "requestBody", "content", "application/x-www-form-urlencoded", "schema"); ok && x.Status == http.StatusOK && x.Form != nil {
		if err := d.form(form, x.Form); err != nil {
			at("it was accepted, but the document has it otherwise: %v", err)
		}
	}
	return wrong
}

// body holds a body to what is declared for its content type.
func (d *Document) body(in place, contentType string, body []byte) error {
	content, ok := d.into(in, "content")
	if !ok {
		return nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	schema, ok := d.into(content, kind, "schema")
	if !ok {
		return fmt.Errorf("the content type %s is not declared", kind)
	}
	if kind != "application/json" {
		return nil
	}
	s, err := d.schema(schema)
	if err != nil {
		return err
	}
	if err := repeats(json.NewDecoder(bytes.NewReader(body))); err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := s.Validate(v); err != nil {
		return fmt.Errorf("%w\n%s", err, body)
	}
	return nil
}

// repeats finds a name that an object has twice, which decoders pass over.
func repeats(in *json.Decoder) error {
	token, err := in.Token()
	open, ok := token.(json.Delim)
	if err != nil || !ok {
		return err
	}
	var names []string
	for in.More() {
		if open == '{' {
			name, err := in.Token()
			if err != nil {
				return err
			}
			if slices.Contains(names, fmt.Sprint(name)) {
				return fmt.Errorf("%v stands twice", name)
			}
			names = append(names, fmt.Sprint(name))
		}
		if err := repeats(in); err != nil {
			return err
		}
	}
	_, err = in.Token()
	return err
}

func (d *Document) form(in place, form url.Values) error {
	s, err := d.schema(in)
	if err != nil {
		return err
	}
	flat := map[string]any{}
	for name, values := range form {
		if values[0] != "" { // an empty value counts as none
			flat[name] = values[0]
		}
	}
	return s.Validate(flat)
}

// Notified holds a notification to the webhook of that name.
func (d *Document) Notified(name string, header http.Header, body []byte) error {
	hook, ok := d.into(place{d.root, "#"}, "webhooks", name, "post", "requestBody")
	if !ok {
		return fmt.Errorf("the document knows no webhook %s", name)
	}
	return d.body(hook, header.Get("Content-Type"), body)
}
