package spense

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A value is a JSON value as it came. Numbers stay texts: money never becomes
// a float.
type value struct {
	kind  kind
	text  string // of a string its characters; of a number its digits
	list  []value
	names []string // of an object, in order
	of    map[string]value
}

type kind byte

const (
	absent kind = iota // no such member
	null
	boolean // text is true or false
	number
	special // NaN, Infinity, -Infinity, which the contract's framework reads
	text
	list
	object
)

// maxDepth is how deep values may nest.
const maxDepth = 64

// jsonError is what is wrong with a text that is no JSON, and at which
// character.
type jsonError struct {
	at  int
	why string
}

// errParse is a text that cannot be read for another reason than JSON's rules.
var errParse = fmt.Errorf("the body cannot be read")

// parse reads a whole JSON text by the rules of the contract's own framework:
// literals NaN and Infinity are numbers, the last of two equal names counts.
// An error is a *jsonError or errParse.
func parse(body []byte) (value, error) {
	if !utf8.Valid(body) {
		return value{}, errParse
	}
	p := &parser{in: string(body)}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return value{}, err
	}
	if p.space(); p.at < len(p.in) {
		return value{}, p.fail("Extra data")
	}
	return v, nil
}

func (e *jsonError) Error() string { return e.why }

type parser struct {
	in string
	at int
}

func (p *parser) fail(why string) error { return p.failAt(p.at, why) }

// failAt counts in characters, as the contract does.
func (p *parser) failAt(at int, why string) error {
	return &jsonError{utf8.RuneCountInString(p.in[:min(at, len(p.in))]), why}
}

func (p *parser) space() {
	for p.at < len(p.in) && strings.IndexByte(" \t\n\r", p.in[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) next(c byte) bool {
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) value(depth int) (value, error) {
	if depth > maxDepth {
		return value{}, errParse
	}
	rest := p.in[p.at:]
	for word, v := range literals {
		if strings.HasPrefix(rest, word) {
			p.at += len(word)
			return v, nil
		}
	}
	switch {
	case p.next('"'):
		s, err := p.string()
		return value{kind: text, text: s}, err
	case p.next('{'):
		return p.object(depth)
	case p.next('['):
		return p.list(depth)
	}
	if n := numberLength(rest); n > 0 {
		p.at += n
		return value{kind: number, text: rest[:n]}, nil
	}
	return value{}, p.fail("Expecting value")
}

var literals = map[string]value{"null": {kind: null}, "true": {kind: boolean, text: "true"}, "false": {kind: boolean, text: "false"},
	"NaN": {kind: special, text: "NaN"}, "Infinity": {kind: special, text: "Infinity"}, "-Infinity": {kind: special, text: "-Infinity"}}

// numberLength is how much of s is a JSON number.
func numberLength(s string) int {
	i := 0
	digits := func() int {
		from := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i - from
	}
	if strings.HasPrefix(s, "-") {
		i++
	}
	if strings.HasPrefix(s[i:], "0") {
		i++
	} else if digits() == 0 {
		return 0
	}
	whole := i
	if i < len(s) && s[i] == '.' {
		if i++; digits() == 0 {
			return whole
		}
		whole = i
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digits() > 0 {
			whole = i
		}
	}
	return whole
}

func (p *parser) object(depth int) (value, error) {
	v := value{kind: object, of: map[string]value{}}
	if p.space(); p.next('}') {
		return v, nil
	}
	for {
		p.space()
		if !p.next('"') {
			return v, p.fail("Expecting property name enclosed in double quotes")
		}
		name, err := p.string()
		if err != nil {
			return v, err
		}
		if p.space(); !p.next(':') {
			return v, p.fail("Expecting ':' delimiter")
		}
		p.space()
		member, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		if _, twice := v.of[name]; !twice {
			v.names = append(v.names, name)
		}
		v.of[name] = member
		if p.space(); p.next('}') {
			return v, nil
		}
		if !p.next(',') {
			return v, p.fail("Expecting ',' delimiter")
		}
	}
}

func (p *parser) list(depth int) (value, error) {
	v := value{kind: list}
	if p.space(); p.next(']') {
		return v, nil
	}
	for {
		p.space()
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, item)
		if p.space(); p.next(']') {
			return v, nil
		}
		if !p.next(',') {
			return v, p.fail("Expecting ',' delimiter")
		}
	}
}

// string reads on behind the opening quote. Half a character, and NUL, which
// no database keeps, are no text.
func (p *parser) string() (string, error) {
	from := p.at - 1
	for i := p.at; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '\\':
			i++
		case c < ' ':
			return "", p.failAt(i, "Invalid control character at")
		case c == '"':
			return p.unescape(from, i+1)
		}
	}
	return "", p.failAt(from, "Unterminated string starting at")
}

func (p *parser) unescape(from, to int) (string, error) {
	var s string
	quoted := p.in[from:to]
	if err := json.Unmarshal([]byte(quoted), &s); err != nil {
		return "", p.failAt(from+strings.IndexByte(quoted, '\\'), "Invalid \\escape")
	}
	if strings.ContainsRune(s, 0) || strings.ContainsRune(s, utf8.RuneError) && !strings.ContainsRune(quoted, utf8.RuneError) {
		return "", errParse
	}
	p.at = to
	return s, nil
}

// MarshalJSON writes the value again, as the contract's framework does.
func (v value) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	v.write(&b)
	return []byte(b.String()), nil
}

func (v value) write(b *strings.Builder) {
	switch v.kind {
	case boolean:
		b.WriteString(v.text)
	case number:
		b.WriteString(shortest(v.text))
	case special:
		quote(b, v.text)
	case text:
		quote(b, v.text)
	case list:
		b.WriteByte('[')
		for i, item := range v.list {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, name := range v.names {
			if i > 0 {
				b.WriteByte(',')
			}
			quote(b, name)
			b.WriteByte(':')
			v.of[name].write(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString("null")
	}
}

// shortest drops the zeros at the end of a number's decimals but for one, as
// the contract's framework prints 12490.00.
func shortest(n string) string {
	if !strings.Contains(n, ".") || strings.ContainsAny(n, "eE") {
		return n
	}
	n = strings.TrimRight(n, "0")
	if strings.HasSuffix(n, ".") {
		n += "0"
	}
	return n
}

func quote(b *strings.Builder, s string) { b.Write(plainJSON(s)) }

// plainJSON is s in quotes, with < > & as they are.
func plainJSON(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null") // strings and numbers always encode
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
