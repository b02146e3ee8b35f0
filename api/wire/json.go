package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
)

// CheckText refuses a JSON text that is no text: encoding/json would silently
// replace what is not UTF-8, and halves of characters. Faults: invalid.body.utf8.
func CheckText(body []byte) error {
	if !utf8.Valid(body) {
		return fault.New("invalid.body.utf8", "the body is not UTF-8")
	}
	if loneSurrogate(body) {
		return fault.New("invalid.body.utf8", "a \\u escape is half a character")
	}
	return nil
}

// parseJSON reads one flat object. Its values are strings; a number or a truth
// value counts as its own text, so 92.00 stays "92.00".
func parseJSON(body []byte) (Form, error) {
	if err := CheckText(body); err != nil {
		return Form{}, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Form{}, notFlat("")
	}
	var f Form
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return Form{}, notFlat("")
		}
		key, _ := name.(string) // inside an object a key is a string
		value, err := d.Token()
		if err != nil {
			return Form{}, notFlat("")
		}
		text, ok := plainText(value)
		if !ok {
			if len(key) > MaxName {
				key = ""
			}
			return Form{}, notFlat(key)
		}
		if err := f.add(key, text); err != nil {
			return Form{}, err
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return Form{}, notFlat("")
	}
	if _, err := d.Token(); err != io.EOF {
		return Form{}, notFlat("")
	}
	return f, nil
}

func plainText(t json.Token) (string, bool) {
	switch v := t.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	return "", false // an object, a list or null
}

func notFlat(name string) error {
	return fault.At("invalid.body.json", name, "the body must be one JSON object of strings, without objects or lists inside")
}

// loneSurrogate finds a \ud800 to \udfff that is not one of a pair, which
// encoding/json would silently replace.
func loneSurrogate(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++ // at the escaped character; an escaped backslash is passed over whole
		unit := surrogate(body, i)
		switch {
		case unit < 0:
		case unit >= 0xDC00:
			return true
		default:
			next := surrogate(body, i+6)
			if i+5 >= len(body) || body[i+5] != '\\' || next < 0xDC00 {
				return true
			}
			i += 6
		}
	}
	return false
}

// surrogate reads uXXXX at i if it is a surrogate, else -1.
func surrogate(body []byte, i int) int {
	if i+5 > len(body) || body[i] != 'u' {
		return -1
	}
	unit := 0
	for _, c := range body[i+1 : i+5] {
		d := nibble(c)
		if d < 0 {
			return -1
		}
		unit = unit<<4 | d
	}
	if unit < 0xD800 || unit > 0xDFFF {
		return -1
	}
	return unit
}

// WriteJSON answers with v. Nothing is written when v cannot be encoded: the
// error says so, and another answer can be given. A Content-Type that the
// surface has set stays.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fault.Wrap(err, "the answer cannot be encoded")
	}
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n"))) // whoever hung up needs no answer
	return nil
}
