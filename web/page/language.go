package page

import (
	"net/http"

	"golang.org/x/text/language"
)

// Language is one of the languages that pages speak.
type Language string

// The languages there are.
const (
	English   Language = "en"
	Norwegian Language = "nb"
	Swedish   Language = "sv"
	Danish    Language = "da"
	Finnish   Language = "fi"
	German    Language = "de"
)

// Languages in the order in which the page offers them; the first is spoken to
// those who understand none of the others.
var Languages = []Language{English, Norwegian, Swedish, Danish, Finnish, German}

var names = map[Language]string{
	English: "English", Norwegian: "Norsk", Swedish: "Svenska", Danish: "Dansk", Finnish: "Suomi", German: "Deutsch",
}

// Name is what the language calls itself.
func (l Language) Name() string { return names[l] }

// The matcher knows that a Norwegian may say no, nb or nn, and that de-AT
// reads de. Its answer is taken by index: the tag it returns carries
// extensions that no catalogue is named by.
var matcher = func() language.Matcher {
	var tags []language.Tag
	for _, l := range Languages {
		tags = append(tags, language.Make(string(l)))
	}
	return language.NewMatcher(tags)
}()

// Choose takes the first wish that names a language we speak. A wish is a BCP
// 47 tag ("nb-NO", "no", also with an underscore) or an Accept-Language value;
// empty and unknown ones are passed over. Without any it is English.
func Choose(wishes ...string) Language {
	for _, wish := range wishes {
		if len(wish) > 256 {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := matcher.Match(tags...); confidence != language.No {
			return Languages[i]
		}
	}
	return English
}

// Asked is the language of a request: its parameter locale, then the wishes
// given, then its Accept-Language header.
func Asked(r *http.Request, wishes ...string) Language {
	all := append([]string{r.URL.Query().Get("locale")}, wishes...)
	return Choose(append(all, r.Header.Get("Accept-Language"))...)
}
