package media

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// The limits of a body. Nothing that the contract asks for comes near them.
const (
	maxBody  = 256 << 10 // bytes
	maxDepth = 32
)

// object is a JSON object that is being read. The first thing that is wrong
// with it is kept, and asked for with err once all has been read. Members that
// nobody reads are passed over, as the contract's growth wants it.
type object struct {
	members map[string]any
	wrong   *error
}

// readObject reads a body that is one JSON object, or nothing at all. Names
// that stand twice, texts that are no UTF-8 and whatever follows the object are
// refused. Faults: invalid.body.
func readObject(w http.ResponseWriter, r *http.Request) (object, error) {
	o := object{members: map[string]any{}, wrong: new(error)}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return o, fault.New("invalid.body.encoding", "compressed bodies are not accepted")
	}
	text, err := wire.ReadBody(w, r, maxBody)
	if err != nil || len(bytes.TrimSpace(text)) == 0 {
		return o, err
	}
	if err := wire.CheckText(text); err != nil {
		return o, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return o, err
	}
	if _, err := d.Token(); err != io.EOF {
		return o, errNotJSON
	}
	members, ok := v.(map[string]any)
	if !ok {
		return o, errNotJSON
	}
	o.members = members
	return o, nil
}

var errNotJSON = fault.New("invalid.body.json", "the body is not one JSON object")

func readValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errNotJSON
	}
	t, err := d.Token()
	if err != nil {
		return nil, errNotJSON
	}
	switch x := t.(type) {
	case string:
		if strings.IndexByte(x, 0) >= 0 { // the one character that no database keeps
			return nil, errNotJSON
		}
	case json.Delim:
		if x == '[' {
			return readList(d, depth)
		}
		return readMembers(d, depth)
	}
	return t, nil
}

func readList(d *json.Decoder, depth int) (any, error) {
	out := []any{}
	for d.More() {
		v, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, errNotJSON
	}
	return out, nil
}

func readMembers(d *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotJSON
		}
		if _, twice := out[name]; twice {
			return nil, fault.New("invalid.body.json", "a name stands twice in the body")
		}
		if out[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, errNotJSON
	}
	return out, nil
}

// err is the first thing that was wrong.
func (o object) err() error { return *o.wrong }

// refuse notes what is wrong with a member.
func (o object) refuse(code, name, why string) {
	if *o.wrong == nil {
		*o.wrong = fault.At(code, name, "%s", why)
	}
}

// has says whether a member is there and not null.
func (o object) has(name string) bool { return o.members[name] != nil }

// text is a member that has to be a string of 1 to most characters.
func (o object) text(name string, most int) string {
	if !o.has(name) {
		o.refuse("invalid.missing", name, "this is needed")
		return ""
	}
	return o.optional(name, most)
}

// optional is a string of 1 to most characters, or "" when it is not there.
func (o object) optional(name string, most int) string {
	if !o.has(name) {
		return ""
	}
	text, ok := o.members[name].(string)
	if n := utf8.RuneCountInString(text); !ok || n == 0 || n > most || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		o.refuse("invalid", name, "a text of 1 to "+number(most)+" characters is needed")
		return ""
	}
	return text
}

// flag is a truth value, false when it is not there.
func (o object) flag(name string) bool {
	if !o.has(name) {
		return false
	}
	v, ok := o.members[name].(bool)
	if !ok {
		o.refuse("invalid", name, "true or false is needed")
	}
	return v
}

// whole is a whole number that is not negative, 0 when it is not there.
func (o object) whole(name string) int64 {
	if !o.has(name) {
		return 0
	}
	v, ok := o.members[name].(json.Number)
	n, err := v.Int64()
	if !ok || err != nil || n < 0 {
		o.refuse("invalid", name, "a whole number is needed")
		return 0
	}
	return n
}

// child is a member that is an object itself; one without members when it is
// not there. What is wrong with it is wrong with the whole.
func (o object) child(name string) object {
	out := object{map[string]any{}, o.wrong}
	if !o.has(name) {
		return out
	}
	members, ok := o.members[name].(map[string]any)
	if !ok {
		o.refuse("invalid", name, "an object is needed")
		return out
	}
	out.members = members
	return out
}

// children is a member that is a list of at most most objects.
func (o object) children(name string, most int) (list []object) {
	for _, v := range o.list(name, most) {
		members, ok := v.(map[string]any)
		if !ok {
			o.refuse("invalid", name, "a list of objects is needed")
			return nil
		}
		list = append(list, object{members, o.wrong})
	}
	return list
}

func (o object) list(name string, most int) []any {
	if !o.has(name) {
		return nil
	}
	list, ok := o.members[name].([]any)
	if !ok || len(list) > most {
		o.refuse("invalid", name, "a list of at most "+number(most)+" is needed")
		return nil
	}
	return list
}

// texts is a list of at most most texts of 1 to chars characters; plain texts
// or objects that hold one as a member of that name.
func (o object) texts(name, member string, most, chars int) (out []string) {
	for _, v := range o.list(name, most) {
		one := object{map[string]any{name: v}, o.wrong}
		if members, ok := v.(map[string]any); ok && member != "" {
			one.members[name] = members[member]
		}
		out = append(out, one.text(name, chars))
	}
	return out
}

// major is an amount in major units as it was written, "" when it is not there.
func (o object) major(name string) string {
	if !o.has(name) {
		return ""
	}
	v, ok := o.members[name].(json.Number)
	if !ok {
		o.refuse("invalid", name, "a number of major units is needed")
	}
	return v.String()
}
