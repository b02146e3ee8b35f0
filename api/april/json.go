package april

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
)

// The limits of a body. Nothing that the contract asks for comes near them.
const (
	maxBody   = 1 << 20 // bytes (sheet, 6.9)
	maxDepth  = 32
	maxValues = 20_000
	maxName   = 256 // bytes of a member's name
)

// reader reads a JSON text into maps, lists, strings, numbers as they were
// written, truth values and nil. It refuses what two readers could read in two
// ways: a name that stands twice, text that is no text, something behind the end.
type reader struct {
	d      *json.Decoder
	values int
}

// readJSON reads a body, which is one object. Faults: invalid.body.utf8,
// invalid.body.json.
func readJSON(body []byte) (map[string]any, error) {
	if err := wire.CheckText(body); err != nil {
		return nil, err
	}
	r := reader{d: json.NewDecoder(bytes.NewReader(body))}
	r.d.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.d.Token(); err != io.EOF {
		return nil, malformed("something stands behind the object")
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, malformed("the body must be a JSON object")
	}
	return object, nil
}

func malformed(why string) error { return fault.New("invalid.body.json", "%s", why) }

func (r *reader) value(depth int) (any, error) {
	if r.values++; r.values > maxValues || depth > maxDepth {
		return nil, malformed("the body is nested too deeply or has too many values")
	}
	t, err := r.d.Token()
	if err != nil {
		return nil, malformed("the body is not JSON")
	}
	switch x := t.(type) {
	case json.Delim:
		if x == '{' {
			return r.object(depth)
		}
		return r.list(depth)
	case string:
		return x, r.text(x)
	}
	return t, nil
}

func (r *reader) object(depth int) (map[string]any, error) {
	out := map[string]any{}
	for r.d.More() {
		t, err := r.d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, malformed("the body is not JSON")
		}
		if err := r.text(name); err != nil {
			return nil, err
		}
		if _, twice := out[name]; twice || len(name) > maxName {
			return nil, fault.New("invalid.body.json", "a name stands twice, or has more than %d bytes", maxName)
		}
		if out[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return out, r.end()
}

func (r *reader) list(depth int) ([]any, error) {
	out := []any{}
	for r.d.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, r.end()
}

func (r *reader) end() error {
	if _, err := r.d.Token(); err != nil {
		return malformed("the body is not JSON")
	}
	return nil
}

// text refuses the one character that no database keeps.
func (r *reader) text(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return malformed("a text holds a NUL character")
	}
	return nil
}

// whole reads a number as an int64: 1999, 1999.0 and 1.999e3 are the same,
// 1999.5 is none (sheet, 1.1).
func whole(number string) (int64, bool) {
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return n, true
	}
	mantissa, exponent, power := strings.Cut(strings.ToLower(number), "e")
	shift := 0
	if power {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift < -40 || shift > 40 {
			return 0, false
		}
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	before, after, _ := strings.Cut(mantissa, ".")
	digits, point := before+after, len(before)+shift
	for point > len(digits) {
		digits += "0"
	}
	for point < 0 {
		digits, point = "0"+digits, point+1
	}
	if strings.Trim(digits[point:], "0") != "" {
		return 0, false
	}
	text := digits[:point]
	if text == "" {
		text = "0"
	}
	if negative {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
