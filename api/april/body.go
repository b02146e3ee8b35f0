package april

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/florinpay/florin/core/money"
)

// problem says what is wrong with one field.
type problem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// badRequest lists everything that is wrong with a request. Broken is a
// request that was not understood, else it was and asks for what cannot be.
type badRequest struct {
	broken bool
	fields []problem
}

func (b *badRequest) Error() string {
	if len(b.fields) == 0 {
		return "the request is not valid"
	}
	p := b.fields[0]
	return strings.TrimPrefix(p.Field+": "+p.Message, ": ")
}

// err is b when there is something wrong, else nil.
func (b *badRequest) err() error {
	if b == nil || len(b.fields) == 0 {
		return nil
	}
	return b
}

// broken is a request that was not understood.
func broken(field, format string, args ...any) error {
	return &badRequest{broken: true, fields: []problem{{field, fmt.Sprintf(format, args...)}}}
}

// invalid is a request that was understood and asks for what cannot be.
func invalid(field, format string, args ...any) error {
	return &badRequest{fields: []problem{{field, fmt.Sprintf(format, args...)}}}
}

// object is a JSON object that is being read. What is wrong is gathered, and
// asked for once all has been read.
type object struct {
	path    string
	members map[string]any
	bad     *badRequest
}

func (o object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// wrong notes a field of a type it cannot have; not notes one whose value is
// none of those it can have.
func (o object) wrong(name, format string, args ...any) {
	o.bad.broken = true
	o.not(name, format, args...)
}

func (o object) not(name, format string, args ...any) {
	o.bad.fields = append(o.bad.fields, problem{o.at(name), fmt.Sprintf(format, args...)})
}

// err is everything that was wrong so far.
func (o object) err() error { return o.bad.err() }

// has says whether a member was sent; null counts as not sent.
func (o object) has(name string) bool { return o.members[name] != nil }

// textLimit is the most characters of a text, unless said otherwise.
const textLimit = 255

// text reads an optional text; "" counts as not sent (sheet, 1.1).
func (o object) text(name string) string { return o.textUpTo(name, textLimit) }

func (o object) textUpTo(name string, limit int) string {
	v := o.members[name]
	if v == nil {
		return ""
	}
	s, ok := v.(string)
	switch {
	case !ok:
		o.wrong(name, "must be a string")
		return ""
	case utf8.RuneCountInString(s) > limit:
		o.not(name, "must have at most %d characters", limit)
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		o.not(name, "must not hold control characters")
	}
	return s
}

// need reads a text that has to be there.
func (o object) need(name string) string {
	s := o.text(name)
	if s == "" && (o.members[name] == nil || o.members[name] == "") {
		o.not(name, "is needed")
	}
	return s
}

// like reads an optional text of a form.
func (o object) like(name string, form *regexp.Regexp, what string) string {
	s := o.text(name)
	if s != "" && !form.MatchString(s) {
		o.not(name, "must be %s", what)
	}
	return s
}

// needLike reads a text of a form that has to be there.
func (o object) needLike(name string, form *regexp.Regexp, what string) string {
	if s := o.need(name); s == "" {
		return ""
	}
	return o.like(name, form, what)
}

// word reads an optional text that is one of several.
func (o object) word(name string, words ...string) string {
	s := o.text(name)
	if s != "" && !slices.Contains(words, s) {
		o.not(name, "must be one of %s", strings.Join(words, ", "))
	}
	return s
}

// truth reads an optional truth value.
func (o object) truth(name string, otherwise bool) bool {
	v := o.members[name]
	if v == nil {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		o.wrong(name, "must be true or false")
	}
	return b
}

// maybe reads a truth value, nil when it was not sent.
func (o object) maybe(name string) *bool {
	if !o.has(name) {
		return nil
	}
	b := o.truth(name, false)
	return &b
}

// integer reads an optional number, which has to be whole.
func (o object) integer(name string) (n int64, sent bool) {
	v := o.members[name]
	if v == nil {
		return 0, false
	}
	number, ok := v.(json.Number)
	if ok {
		n, ok = whole(number.String())
	}
	if !ok {
		o.wrong(name, "must be a whole number of 64 bits")
	}
	return n, ok
}

// amount reads money that has to be there: minor units and a known currency.
func (o object) amount(name string) money.Amount {
	in, sent := o.object(name)
	if !sent {
		o.not(name, "is needed")
		return money.Amount{}
	}
	minor, sent := in.integer("minorCurrencyUnits")
	if !sent && !in.has("minorCurrencyUnits") {
		in.not("minorCurrencyUnits", "is needed")
	}
	return money.Of(minor, in.currency("currency"))
}

// currency reads a currency that has to be there.
func (o object) currency(name string) money.Currency {
	c := money.Currency(o.need(name))
	if c != "" && !c.Known() {
		o.not(name, "is no currency")
	}
	return c
}

// moment reads an optional date-time.
func (o object) moment(name string) time.Time {
	s := o.text(name)
	if s == "" {
		return time.Time{}
	}
	at, ok := parseTime(s)
	if !ok {
		o.not(name, "must be a date-time of ISO 8601 with an offset")
	}
	return at
}

// day reads an optional day.
func (o object) day(name string) string {
	s := o.text(name)
	if at, err := time.Parse(time.DateOnly, s); s != "" && (err != nil || at.Year() < 1970 || at.Year() > 9000) {
		o.not(name, "must be a date, YYYY-MM-DD")
	}
	return s
}

// object reads an optional object.
func (o object) object(name string) (object, bool) {
	v := o.members[name]
	if v == nil {
		return object{path: o.at(name), bad: o.bad}, false
	}
	m, ok := v.(map[string]any)
	if !ok {
		o.wrong(name, "must be an object")
	}
	return object{path: o.at(name), members: m, bad: o.bad}, ok
}

// needObject reads an object that has to be there.
func (o object) needObject(name string) object {
	in, sent := o.object(name)
	if !sent && !o.has(name) {
		o.not(name, "is needed")
	}
	return in
}

// texts reads an optional list of at most limit texts.
func (o object) texts(name string, limit int) (list []string) {
	v := o.members[name]
	if v == nil {
		return nil
	}
	values, ok := v.([]any)
	if !ok {
		o.wrong(name, "must be a list")
		return nil
	}
	if len(values) > limit {
		o.not(name, "must have at most %d entries", limit)
		return nil
	}
	for i, v := range values {
		entry := fmt.Sprintf("%s[%d]", name, i)
		list = append(list, object{o.path, map[string]any{entry: v}, o.bad}.need(entry))
	}
	return list
}

// objects reads an optional list of at most limit objects.
func (o object) objects(name string, limit int) (list []object) {
	v := o.members[name]
	if v == nil {
		return nil
	}
	values, ok := v.([]any)
	if !ok || len(values) > limit {
		o.wrong(name, "must be a list of at most %d objects", limit)
		return nil
	}
	for i, v := range values {
		entry := fmt.Sprintf("%s[%d]", name, i)
		in, _ := object{o.path, map[string]any{entry: v}, o.bad}.object(entry)
		list = append(list, in)
	}
	return list
}

// natural reads an optional number that is not negative.
func (o object) natural(name string) int64 {
	n, _ := o.integer(name)
	if n < 0 || n > money.Max {
		o.not(name, "must not be negative, nor more than %d", money.Max)
	}
	return n
}

// The limits of what a client may attach (sheet, 6.9).
const (
	metadataKeys  = 50
	metadataBytes = 16 << 10
)

// metadata reads an object of the client's own, as JSON text with its names in
// order; "" for none.
func (o object) metadata(name string) string {
	in, sent := o.object(name)
	if !sent {
		return ""
	}
	text, err := json.Marshal(in.members)
	if err != nil || len(in.members) > metadataKeys || len(text) > metadataBytes {
		o.not(name, "must have at most %d keys and %d bytes", metadataKeys, metadataBytes)
		return ""
	}
	return string(text)
}

// variant reads a tagged one-of (sheet, 1.2): an object with exactly one key,
// which is one of the names. Anything else is a request that was not
// understood, and nothing more is read.
func (o object) variant(names ...string) (string, object, error) {
	if len(o.members) == 1 {
		for name := range o.members {
			if in, ok := o.object(name); ok && slices.Contains(names, name) {
				return name, in, nil
			}
		}
	}
	got := slices.Sorted(maps.Keys(o.members))
	if len(got) > 3 {
		got = append(got[:3], "...")
	}
	return "", object{}, broken(o.path, "must be an object with exactly one key of %s, whose value is an object; its keys are [%s]", strings.Join(names, ", "), strings.Join(got, ", "))
}
