package wire

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/florinpay/florin/core/fault"
)

// The limits of a request.
const (
	MaxBody  = 256 << 10 // bytes of a body, and of a query
	MaxNames = 1000      // parameters
	MaxName  = 256       // bytes of a parameter's name
)

// Form is the parameters of a request: flat names, each once, in the order in
// which they came. All text is valid UTF-8 without NUL.
type Form struct {
	names  []string
	values map[string]string
}

// Get returns a parameter's value, "" when it is missing or empty.
func (f Form) Get(name string) string { return f.values[name] }

// Has says whether a parameter came, be it empty.
func (f Form) Has(name string) bool {
	_, ok := f.values[name]
	return ok
}

// Names lists the parameters in the order in which they came. It is a copy.
func (f Form) Names() []string { return append([]string(nil), f.names...) }

// Len is how many parameters came.
func (f Form) Len() int { return len(f.names) }

// NewForm makes a form of names and values in turn, for callers that do not
// come over the network. A repeated name is a fault, as it is there.
func NewForm(pairs ...string) (Form, error) {
	var f Form
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := f.add(pairs[i], pairs[i+1]); err != nil {
			return Form{}, err
		}
	}
	return f, nil
}

// add checks a parameter and keeps it. What is wrong with its value is told
// without the value, which may be a card number.
func (f *Form) add(name, value string) error {
	switch {
	case name == "" || len(name) > MaxName:
		return fault.New("invalid.body.name", "a parameter's name has 1 to %d bytes", MaxName)
	case !utf8.ValidString(name):
		return fault.New("invalid.body.utf8", "a parameter's name is not UTF-8")
	case strings.ContainsRune(name, 0):
		return fault.New("invalid.body.nul", "a parameter's name holds a NUL character")
	case !utf8.ValidString(value):
		return fault.At("invalid.body.utf8", name, "not UTF-8")
	case strings.ContainsRune(value, 0):
		return fault.At("invalid.body.nul", name, "holds a NUL character")
	case f.Has(name):
		return fault.At("invalid.body.repeated", name, "may be sent only once")
	case len(f.names) == MaxNames:
		return fault.New("invalid.body.too_many", "more than %d parameters", MaxNames)
	}
	if f.values == nil {
		f.values = map[string]string{}
	}
	f.names = append(f.names, name)
	f.values[name] = value
	return nil
}

// ReadQuery reads the parameters of a GET or DELETE, which come in the query.
// Faults as in ReadForm.
func ReadQuery(r *http.Request) (Form, error) {
	if len(r.URL.RawQuery) > MaxBody {
		return Form{}, tooLarge(MaxBody)
	}
	return parseForm(r.URL.RawQuery)
}

// ReadForm reads the parameters of a body: application/x-www-form-urlencoded,
// also without a Content-Type, or a flat object as application/json. The query
// is left alone: what is secret has no place there.
//
// Faults, in the order checked: invalid.body.encoding (compressed),
// invalid.body.type, invalid.body.charset (only UTF-8),
// invalid.body.too_large (MaxBody), invalid.body.lost (the caller hung up or
// was too slow); then, per parameter, invalid.body.percent (broken
// percent-encoding) or invalid.body.json, invalid.body.name,
// invalid.body.utf8, invalid.body.nul, invalid.body.repeated,
// invalid.body.too_many.
func ReadForm(w http.ResponseWriter, r *http.Request) (Form, error) {
	isJSON, err := contentType(r.Header)
	if err != nil {
		return Form{}, err
	}
	body, err := ReadBody(w, r, MaxBody)
	if err != nil {
		return Form{}, err
	}
	if isJSON {
		return parseJSON(body)
	}
	return parseForm(string(body))
}

// ReadBody reads a whole body of at most limit bytes.
// Faults: invalid.body.too_large, invalid.body.lost.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, tooLarge(limit)
		}
		return nil, &fault.Error{Code: "invalid.body.lost", Msg: "the body did not arrive whole", Err: err}
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return fault.New("invalid.body.too_large", "the request is larger than %d bytes", limit)
}

// contentType says whether the body is JSON, a form otherwise.
func contentType(h http.Header) (isJSON bool, err error) {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return false, fault.New("invalid.body.encoding", "compressed bodies are not accepted")
	}
	values := h.Values("Content-Type")
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return false, nil
	}
	kind, params, err := mime.ParseMediaType(values[0])
	if err != nil || len(values) > 1 || kind != "application/x-www-form-urlencoded" && kind != "application/json" {
		return false, fault.New("invalid.body.type", "the body must be application/x-www-form-urlencoded or application/json")
	}
	if c, ok := params["charset"]; ok && !strings.EqualFold(c, "utf-8") {
		return false, fault.New("invalid.body.charset", "the charset must be UTF-8")
	}
	return kind == "application/json", nil
}

// parseForm takes a=b&c=d apart. Only & separates: a semicolon is a character
// of the value like any other.
func parseForm(text string) (Form, error) {
	var f Form
	for text != "" {
		var part string
		part, text, _ = strings.Cut(text, "&")
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, ok := unescape(rawName)
		if !ok {
			return Form{}, fault.New("invalid.body.percent", "a parameter's name is not percent-encoded as it should be")
		}
		value, ok := unescape(rawValue)
		if !ok {
			if !utf8.ValidString(name) || len(name) > MaxName {
				name = ""
			}
			return Form{}, fault.At("invalid.body.percent", name, "not percent-encoded as it should be")
		}
		if err := f.add(name, value); err != nil {
			return Form{}, err
		}
	}
	return f, nil
}

// unescape undoes percent-encoding; a plus is a space.
func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return strings.ReplaceAll(s, "+", " "), true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			out = append(out, ' ')
		case '%':
			if i+2 >= len(s) {
				return "", false
			}
			high, low := nibble(s[i+1]), nibble(s[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			out = append(out, byte(high<<4|low))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out), true
}

func nibble(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
