package spense

import (
	"regexp"
	"slices"
	"strings"

	"github.com/florinpay/florin/core/invoice"
)

// issue is one line of a 422 (sheet, 4): its members stand in this order.
type issue struct {
	Type  string `json:"type"`
	Loc   []any  `json:"loc"`
	Msg   string `json:"msg"`
	Input any    `json:"input"`
	Ctx   any    `json:"ctx,omitempty"`
}

// invalid is the error of a request that fails its schema.
type invalid struct{ issues []issue }

func (invalid) Error() string { return "the request fails its schema" }

// check collects what is wrong with a request, in the order in which it is
// read.
type check struct{ issues []issue }

func (c *check) add(typ, msg string, loc []any, input any, ctx any) {
	c.issues = append(c.issues, issue{Type: typ, Loc: loc, Msg: msg, Input: input, Ctx: ctx})
}

// err is what was found, nil for nothing.
func (c *check) err() error {
	if len(c.issues) == 0 {
		return nil
	}
	return invalid{c.issues}
}

// A node is an object that is read member by member.
type node struct {
	c   *check
	loc []any
	v   value
	ok  bool // it is an object
	// Its members stand by themselves, as those of a query do: where one is
	// missing nothing is shown.
	parts bool
}

// at is where a member stands.
func (n node) at(name ...any) []any { return append(slices.Clone(n.loc), name...) }

// root is the body. Without one it is missing as a whole.
func (c *check) root(v value) node {
	if v.kind == absent || v.kind == null {
		c.missing([]any{"body"}, value{kind: null})
		return node{c: c, loc: []any{"body"}}
	}
	return c.object([]any{"body"}, v)
}

func (c *check) missing(loc []any, in value) { c.add("missing", "Field required", loc, in, nil) }

func (c *check) object(loc []any, v value) node {
	if v.kind != object {
		c.add("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", loc, v, nil)
	}
	return node{c: c, loc: loc, v: v, ok: v.kind == object}
}

// get finds a member; required says that its absence is a fault.
func (n node) get(name string, required bool) (value, bool) {
	if !n.ok {
		return value{}, false
	}
	v, found := n.v.of[name]
	if !found && required {
		around := n.v
		if n.parts {
			around = value{kind: null}
		}
		n.c.missing(n.at(name), around)
	}
	return v, found
}

// child is a member that is an object.
func (n node) child(name string, required bool) node {
	v, found := n.get(name, required)
	if !found {
		return node{c: n.c, loc: n.at(name)}
	}
	return n.c.object(n.at(name), v)
}

// optional is child for a member that may be null.
func (n node) optional(name string) node {
	if v, found := n.get(name, false); !found || v.kind == null {
		return node{c: n.c, loc: n.at(name)}
	}
	return n.child(name, false)
}

// text is a string that may be absent.
func (n node) text(name string) string {
	v, found := n.get(name, false)
	if found && v.kind != text {
		n.c.add("string_type", "Input should be a valid string", n.at(name), v, nil)
		return ""
	}
	return v.text
}

// nullable is text that may be null; given says that it was neither.
func (n node) nullable(name string) (s string, given bool) {
	v, found := n.get(name, false)
	if !found || v.kind == null {
		return "", false
	}
	return n.text(name), v.kind == text
}

// choice is a string of a list; "" of an absent one is otherwise.
func (n node) choice(name, otherwise string, required bool, of ...string) string {
	v, found := n.get(name, required)
	if !found {
		return otherwise
	}
	if v.kind == text && slices.Contains(of, v.text) {
		return v.text
	}
	expected := oneOf(of)
	n.c.add("enum", "Input should be "+expected, n.at(name), v, struct {
		Expected string `json:"expected"`
	}{expected})
	return otherwise
}

// oneOf lists words as the contract does: 'a', 'b' or 'c'.
func oneOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + w + "'"
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
}

// flag is a boolean, or a text that says one.
func (n node) flag(name string) bool {
	v, found := n.get(name, false)
	if !found {
		return false
	}
	yes, ok := truth(v)
	if !ok {
		n.c.add("bool_parsing", "Input should be a valid boolean, unable to interpret input", n.at(name), v, nil)
	}
	return yes
}

func truth(v value) (yes, ok bool) {
	if v.kind == boolean {
		return v.text == "true", true
	}
	if v.kind != text && v.kind != number {
		return false, false
	}
	switch strings.ToLower(v.text) {
	case "true", "1", "yes", "on", "t", "y":
		return true, true
	case "false", "0", "no", "off", "f", "n":
		return false, true
	}
	return false, false
}

// array is a list; one that is absent, or null where it may be, has no items.
func (n node) array(name string, mayBeNull bool, most int) []node {
	v, found := n.get(name, false)
	if !found || mayBeNull && v.kind == null {
		return nil
	}
	if v.kind != list {
		n.c.add("list_type", "Input should be a valid list", n.at(name), v, nil)
		return nil
	}
	if len(v.list) > most {
		n.c.add("too_long", "List should have at most "+itoa(most)+" items after validation, not "+itoa(len(v.list)), n.at(name), value{kind: list}, struct {
			Field  string `json:"field_type"`
			Most   int    `json:"max_length"`
			Actual int    `json:"actual_length"`
		}{"List", most, len(v.list)})
		return nil
	}
	out := make([]node, len(v.list))
	for i, item := range v.list {
		out[i] = n.c.object(n.at(name, i), item)
	}
	return out
}

// date is a day; "" when it is absent or wrong.
func (n node) date(name string, required bool) invoice.Date {
	v, found := n.get(name, required)
	if !found {
		return ""
	}
	if v.kind != text {
		n.c.add("date_type", "Input should be a valid date", n.at(name), v, nil)
		return ""
	}
	d, why := readDate(v.text)
	if why != "" {
		n.c.add("date_from_datetime_parsing", "Input should be a valid date or datetime, "+why, n.at(name), v, struct {
			Error string `json:"error"`
		}{why})
	}
	return d
}

// idForm is the form of organisation and payment method ids (sheet, 2.2).
var idForm = regexp.MustCompile(`^[a-fA-F0-9]{24}$`)

// id is a nullable string of 24 hex digits, in lower case.
func (n node) id(name string) (string, bool) {
	s, given := n.nullable(name)
	if given && !idForm.MatchString(s) {
		n.c.pattern(n.at(name), n.v.of[name], `^[a-fA-F0-9]{24}$`)
		return "", false
	}
	return strings.ToLower(s), given
}

func (c *check) pattern(loc []any, v value, p string) {
	c.add("string_pattern_mismatch", "String should match pattern '"+p+"'", loc, v, struct {
		Pattern string `json:"pattern"`
	}{p})
}

// email is a required string with an address in it.
func (n node) email(name string) string {
	v, found := n.get(name, true)
	if !found {
		return ""
	}
	if v.kind != text {
		n.c.add("string_type", "Input should be a valid string", n.at(name), v, nil)
		return ""
	}
	if why := badEmail(v.text); why != "" {
		n.c.add("value_error", "value is not a valid email address: "+why, n.at(name), v, struct {
			Reason string `json:"reason"`
		}{why})
		return ""
	}
	return v.text
}

// badEmail says what is wrong with an address, "" for nothing.
func badEmail(s string) string {
	local, host, at := cutLast(strings.TrimSpace(s), "@")
	switch {
	case !at:
		return "An email address must have an @-sign."
	case local == "":
		return "There must be something before the @-sign."
	case host == "":
		return "There must be something after the @-sign."
	case len(local) > 64 || len(host) > 253:
		return "The email address is too long."
	case strings.ContainsAny(local, " @()<>,;:\\\"[]\r\n\t"):
		return "The email address contains invalid characters before the @-sign."
	case !hostForm.MatchString(host):
		return "The part after the @-sign is not valid. It should have a period."
	}
	return ""
}

var hostForm = regexp.MustCompile(`^([\pL\pN]([\pL\pN-]*[\pL\pN])?\.)+[\pL\pN-]{2,}$`)

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}
