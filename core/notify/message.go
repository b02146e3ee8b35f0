package notify

import (
	"bytes"
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Channel is how a message travels.
type Channel string

// The channels there are.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// State of a message:
//
//	queued ──carrier takes it──> sent ──carrier's report──> delivered
//	   │                           └──carrier's report──> failed
//	   └──carrier refuses it, or time is up──> failed
//	held: in a test realm, where it stays
//
// An e-mail ends as sent: nobody tells whether it was read.
type State string

// The states there are.
const (
	Queued    State = "queued"
	Sent      State = "sent"
	Delivered State = "delivered"
	Failed    State = "failed"
	Held      State = "held"
)

// Draft is a message to be sent. Either Template is named, and makes subject
// and text from Words, Amounts and Dates, or Text is given (and a Subject for
// an e-mail).
type Draft struct {
	Merchant ident.ID // on whose behalf; its caps count
	Object   ident.ID // what the message is about, or ""
	Channel  Channel
	To       string // an address, or a number in E.164 form
	Sender   string // the name the reader sees as who writes, or ""

	Template Template
	Locale   string // en, nb, sv, da, fi, de, with or without a country; others are English
	Words    map[string]string
	Amounts  map[string]money.Amount
	Dates    map[string]time.Time

	Subject     string
	Text        string
	HTML        string // made from the text when empty
	Attachments []Attachment

	Until time.Time // not sent later than this; zero: for a day
}

// Attachment is a file that goes with an e-mail.
type Attachment struct {
	Name string `json:"name"` // without a path: invoice-10023.pdf
	Type string `json:"type"` // application/pdf
	Body []byte `json:"body"`
}

// Content is what a reader gets.
type Content struct {
	Sender      string       `json:"sender,omitempty"`
	Subject     string       `json:"subject,omitempty"`
	Text        string       `json:"text"`
	HTML        string       `json:"html,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Links are the addresses in the text, in order.
func (c Content) Links() []string {
	var out []string
	for _, word := range strings.Fields(c.Text) {
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			out = append(out, word)
		}
	}
	return out
}

// Message is a draft that was taken.
type Message struct {
	Realm     ident.ID
	ID        ident.ID
	Version   int64
	Merchant  ident.ID
	Object    ident.ID
	Channel   Channel
	To        string
	Template  Template
	Locale    string
	State     State
	Reason    string // why it failed, in the carrier's or our words
	Reference string // the carrier's own name for it
	Tries     int64
	Events    int64 // number of the last event about it
	CreatedAt time.Time
	UpdatedAt time.Time
	Until     time.Time

	sealed     []byte // its content; empty when that is forgotten
	keyVersion int64
}

// Parcel is a message on its way to a carrier. ID is the same at every try, so
// that a carrier can know a repeated one.
type Parcel struct {
	Realm ident.ID
	ID    ident.ID
	To    string
	Content
}

// The limits of one message.
const (
	subjectLimit     = 200       // characters
	smsLimit         = 1000      // characters
	textLimit        = 100 << 10 // bytes
	attachmentLimit  = 5
	attachmentsLimit = 5 << 20 // bytes, all together
)

// check refuses content that must not travel. Faults, in this order:
// invalid.subject, invalid.text, invalid.attachment.
func (c Content) check(ch Channel) error {
	if ch == Email && (c.Subject == "" || len([]rune(c.Subject)) > subjectLimit || !printable(c.Subject)) {
		return fault.At("invalid.subject", "subject", "a subject is one line of at most %d characters", subjectLimit)
	}
	switch {
	case strings.TrimSpace(c.Text) == "", len(c.Text)+len(c.HTML) > textLimit:
		return fault.At("invalid.text", "text", "a message has a text of at most %d bytes", textLimit)
	case ch == SMS && len([]rune(c.Text)) > smsLimit:
		return fault.At("invalid.text", "text", "an SMS has at most %d characters", smsLimit)
	case ch == SMS && len(c.Attachments) > 0:
		return fault.At("invalid.attachment", "attachments", "an SMS carries no files")
	}
	total := 0
	for _, a := range c.Attachments {
		total += len(a.Body)
		if !fileName(a.Name) || a.Type != "application/pdf" || !bytes.HasPrefix(a.Body, []byte("%PDF-")) {
			return fault.At("invalid.attachment", "attachments", "an attachment is a PDF with a plain name")
		}
	}
	if len(c.Attachments) > attachmentLimit || total > attachmentsLimit {
		return fault.At("invalid.attachment", "attachments", "at most %d files of together %d bytes", attachmentLimit, attachmentsLimit)
	}
	return nil
}

// fileName keeps what might be a path, a header or a hidden file out.
func fileName(name string) bool {
	if len(name) == 0 || len(name) > 100 || name[0] == '.' {
		return false
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
