package notify

import (
	"embed"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"

	"github.com/florinpay/florin/core/fault"
)

// Template names a text that is there in every language.
type Template string

// The templates there are, with the words each needs. A line whose words are
// not all given is left out, so that a word which is not needed may be missing.
const (
	PaymentLink Template = "payment_link" // merchant, amount, link; may: name, reference, due
	Receipt     Template = "receipt"      // merchant, amount; may: name, date, method, reference, link
	Invoice     Template = "invoice"      // merchant, number, amount, due; may: name, account, reference, link
	Reminder    Template = "reminder"     // merchant, number, amount, due; may: name, account, reference, link
	Code        Template = "code"         // merchant, code, minutes
)

var needed = map[Template][]string{
	PaymentLink: {"merchant", "amount", "link"},
	Receipt:     {"merchant", "amount"},
	Invoice:     {"merchant", "number", "amount", "due"},
	Reminder:    {"merchant", "number", "amount", "due"},
	Code:        {"merchant", "code", "minutes"},
}

//go:embed texts
var files embed.FS

// Locales are the languages that the templates speak.
var Locales = []string{"en", "nb", "sv", "da", "fi", "de"}

// texts are the lines of every template by language and key:
// payment_link.subject, payment_link.email, payment_link.sms.
var texts = func() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, l := range Locales {
		words := map[string]string{}
		b, err := files.ReadFile("texts/" + l + ".json")
		if err == nil {
			err = json.Unmarshal(b, &words)
		}
		if err != nil {
			panic("notify: texts: " + err.Error()) // an embedded file: every run and every test would meet it
		}
		out[l] = words
	}
	return out
}()

// Locale is the language in which a reader of that locale is written to.
func Locale(wish string) string {
	l, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(wish), "_", "-"), "-")
	if l == "no" || l == "nn" {
		l = "nb"
	}
	if slices.Contains(Locales, l) {
		return l
	}
	return Locales[0]
}

// compose makes what the reader gets. Faults, in this order: invalid.template,
// invalid.words, invalid.link, and those of Content.check.
func (s *Service) compose(d Draft) (Content, error) {
	c := Content{Sender: tame(d.Sender, 60), Subject: d.Subject, Text: d.Text, HTML: d.HTML, Attachments: d.Attachments}
	if d.Template != "" {
		words, err := s.words(d)
		if err != nil {
			return c, err
		}
		said := texts[Locale(d.Locale)]
		c.Text = fill(said[string(d.Template)+"."+string(d.Channel)], words)
		if d.Channel == Email {
			c.Subject = fill(said[string(d.Template)+".subject"], words)
		}
	}
	c.Text = lines(c.Text)
	if d.Channel == SMS {
		c.Subject, c.HTML = "", ""
		c.Text = strings.ReplaceAll(c.Text, "\u00a0", " ") // one such space makes the whole message cost twice
	} else if c.HTML == "" {
		c.HTML = markup(c.Text)
	}
	return c, c.check(d.Channel)
}

// words are what a template's placeholders stand for.
func (s *Service) words(d Draft) (map[string]string, error) {
	need, ok := needed[d.Template]
	if !ok {
		return nil, fault.At("invalid.template", "template", "there is no template %q", tame(string(d.Template), 40))
	}
	out := map[string]string{}
	for name, value := range d.Words {
		if name == "link" {
			if !isLink(value) {
				return nil, fault.At("invalid.link", "link", "a link is an absolute http or https address")
			}
			out[name] = value
		} else if value = tame(value, 200); value != "" {
			out[name] = value
		}
	}
	for name, a := range d.Amounts {
		out[name] = s.Money(Locale(d.Locale), a)
	}
	for name, t := range d.Dates {
		if !t.IsZero() {
			out[name] = s.Date(Locale(d.Locale), t)
		}
	}
	for _, name := range need {
		if out[name] == "" {
			return nil, fault.At("invalid.words", name, "the template %s needs the word %s", d.Template, name)
		}
	}
	return out, nil
}

// isLink says whether a text is an address that a reader may be sent to.
func isLink(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		len(text) <= 2048 && printable(text) && !strings.ContainsAny(text, " <>\"\\")
}

// tame makes one line of at most limit characters of what somebody typed: a
// name is no place for line breaks, for hidden characters or for a link that
// would look like ours.
func tame(text string, limit int) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\t' || c == '\n' || c == '\r':
			return ' '
		case unseen(c):
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.FieldsFunc(strings.ReplaceAll(text, "://", " "), func(c rune) bool { return c == ' ' }), " ")
	if r := []rune(text); len(r) > limit {
		text = strings.TrimSpace(string(r[:limit]))
	}
	return text
}

// lines keeps the line breaks of a text and drops what else nobody sees.
func lines(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n"), "\t", " ")
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c != '\n' && unseen(c) {
			return -1
		}
		return c
	}, text))
}

// fill puts words in place of {name}. A line with a word that is not given is
// left out, and of blank lines that then follow each other one stays. What a
// word says is never looked at again, so a name may be called {link}.
func fill(text string, words map[string]string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		full, ok := fillLine(line, words)
		if ok && (full != "" || len(out) > 0 && out[len(out)-1] != "") {
			out = append(out, full)
		}
	}
	return strings.Join(out, "\n")
}

func fillLine(line string, words map[string]string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(line, "{")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, "}")
		if words[name] == "" {
			return "", false
		}
		b.WriteString(words[name])
		line = after
	}
}

// markup is a text as a plain HTML document: its paragraphs, its line breaks,
// its links, and nothing that anybody else has written.
func markup(text string) string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<meta charset=\"utf-8\">\n<body>\n")
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		b.WriteString("<p>")
		for i, line := range strings.Split(paragraph, "\n") {
			if i > 0 {
				b.WriteString("<br>\n")
			}
			for j, word := range strings.Split(line, " ") {
				if j > 0 {
					b.WriteByte(' ')
				}
				if safe := html.EscapeString(word); isLink(word) {
					b.WriteString(`<a href="` + safe + `">` + safe + `</a>`)
				} else {
					b.WriteString(safe)
				}
			}
		}
		b.WriteString("</p>\n")
	}
	return b.String() + "</body>\n"
}
