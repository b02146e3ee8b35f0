package page

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Texts are the words of a room in every language, by key.
type Texts map[Language]map[string]string

// LoadTexts reads one JSON object per language from fsys: en.json, nb.json ...
// A language without a file is a mistake, since half a catalogue would show
// keys to a payer.
func LoadTexts(fsys fs.FS) (Texts, error) {
	out := Texts{}
	for _, l := range Languages {
		b, err := fs.ReadFile(fsys, string(l)+".json")
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		words := map[string]string{}
		if err := json.Unmarshal(b, &words); err != nil {
			return nil, fmt.Errorf("texts %s: %w", l, err)
		}
		out[l] = words
	}
	return out, nil
}

// join adds the texts of another catalogue; the ones present win.
func (t Texts) join(more Texts) Texts {
	out := Texts{}
	for _, l := range Languages {
		out[l] = map[string]string{}
		for _, from := range []Texts{more, t} {
			for k, v := range from[l] {
				out[l][k] = v
			}
		}
	}
	return out
}

// Say is the text of key in a language, with {0}, {1} ... replaced by args. An
// unknown key is said as it is: a test sees to it that there is none.
func (t Texts) Say(l Language, key string, args ...any) string {
	text, ok := t[l][key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", fmt.Sprint(a))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Has says whether a language has a text for key.
func (t Texts) Has(l Language, key string) bool {
	_, ok := t[l][key]
	return ok
}
