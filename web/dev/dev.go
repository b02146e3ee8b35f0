// Package dev is what a developer sees of a florin that runs on their own
// machine: a start page with credentials and lines to copy, the inbox of
// webhooks, the catalogue of the sandbox, the references of the contracts.
// Views only; the app brings the data. The pages are in English, as the
// contracts are. They show test credentials in the clear and are never served
// by a production installation.
package dev

import (
	"embed"
	"net/http"
	"time"

	"github.com/florinpay/florin/web/docs"
	"github.com/florinpay/florin/web/page"
)

//go:embed all:templates
var templates embed.FS

//go:embed assets
var assets embed.FS

// Pages are the room's pages; page.Assets serves what they load.
var Pages = page.New(page.Room{Templates: page.Folder(templates, "templates"), Assets: page.Folder(assets, "assets")})

// Link is one entry of the navigation.
type Link struct {
	Title, Path string
}

// Links are the pages that every page leads to; the first is the start page.
type Links []Link

// Start is the page at /.
type Start struct {
	Version   string
	Database  string // where the data lies, in words
	Contracts []Contract
	Clock     Clock
	Try       string // where a form opens a checkout page to try out, or ""
	Docs      []Link // the references
}

// Contract is what a developer needs to call one contract.
type Contract struct {
	Name    string
	About   string // one sentence
	Base    string // https://...
	Values  []Value
	Samples []Sample
	Docs    string // path of its reference, or ""
	Pages   []Link // further pages that belong to it
}

// Value is one thing to copy.
type Value struct {
	Name, Value string
	Help        string
}

// Sample is a command that works as it stands.
type Sample struct {
	Title, Command string
}

// Clock is the time of the test realm. Its form posts "advance", a duration
// such as 1h, 24h or 168h, to Action.
type Clock struct {
	Now    time.Time
	Ahead  time.Duration
	Action string
	Steps  []Step
}

// Step is one button of the clock.
type Step struct {
	Title string
	Value string // as time.ParseDuration reads it
}

// Steps are the usual ones.
var Steps = []Step{{"1 hour", "1h"}, {"1 day", "24h"}, {"7 days", "168h"}}

// AheadText is how far the clock is ahead, in words.
func (c Clock) AheadText() string {
	if c.Ahead == 0 {
		return "the same as your machine's"
	}
	return words(c.Ahead) + " ahead of your machine's"
}

// Returned is the page that a tried checkout leads back to: what a shop's own
// page would be given, and what its server would ask next.
type Returned struct {
	Values  []Value
	Command string
	Again   string // where a form opens another
}

// Inbox is the page of received notifications, newest first.
type Inbox struct {
	Address  string // what to give as notificationUrl
	Messages []Message
}

// Message is one notification that arrived.
type Message struct {
	ID        string
	At        time.Time
	Path      string
	Summary   string // what it tells, in a few words, or ""
	Headers   []Value
	Body      string // pretty already
	Signature Signature
	Answered  int // HTTP status
}

// Signature says what the inbox made of a message's signature.
type Signature string

// The verdicts there are.
const (
	Good    Signature = "good"
	Bad     Signature = "bad"
	Missing Signature = "missing"
)

// Outbox is the page of the messages that were held instead of sent, newest
// first.
type Outbox struct {
	Letters []Letter
}

// Letter is one e-mail or SMS.
type Letter struct {
	ID      string
	At      time.Time
	Channel string // email or sms
	To      string
	Subject string
	Text    string
	State   string
	Links   []string
	Files   []Link
}

// Sandbox is the catalogue of what the test provider does on demand.
type Sandbox struct {
	Groups []Group
}

// Group is one table of the catalogue.
type Group struct {
	Title, About string
	Columns      []string
	Rows         [][]string // what stands between backticks is to be sent
}

// view is what the layout's templates see.
type view struct {
	Links Links
	Path  string
	Page  any
}

var policy = page.Policy{Connect: true}

func show(w http.ResponseWriter, r *http.Request, name, title string, links Links, data any) error {
	return Pages.Render(w, r, http.StatusOK, name, page.View{Language: page.English, Title: title + " · florin", Class: "dev", Policy: policy,
		Scripts: []string{"dev.js"}, Data: view{links, r.URL.Path, data}})
}

// ShowStart answers with the start page.
func ShowStart(w http.ResponseWriter, r *http.Request, links Links, s Start) error {
	if s.Clock.Steps == nil {
		s.Clock.Steps = Steps
	}
	return show(w, r, "start", "Start", links, s)
}

// ShowReturned answers with the page at the end of a tried checkout.
func ShowReturned(w http.ResponseWriter, r *http.Request, links Links, back Returned) error {
	return show(w, r, "returned", "Back at the shop", links, back)
}

// ShowInbox answers with the inbox.
func ShowInbox(w http.ResponseWriter, r *http.Request, links Links, i Inbox) error {
	return show(w, r, "inbox", "Webhook inbox", links, i)
}

// ShowOutbox answers with the outbox.
func ShowOutbox(w http.ResponseWriter, r *http.Request, links Links, o Outbox) error {
	return show(w, r, "outbox", "Outbox", links, o)
}

// ShowSandbox answers with the catalogue of the sandbox.
func ShowSandbox(w http.ResponseWriter, r *http.Request, links Links, s Sandbox) error {
	type group struct {
		Title   string
		About   docs.Paragraph
		Columns []string
		Rows    [][]docs.Paragraph
	}
	var v struct{ Groups []group }
	for _, g := range s.Groups {
		out := group{Title: g.Title, About: docs.Pieces(g.About), Columns: g.Columns}
		for _, cells := range g.Rows {
			var row []docs.Paragraph
			for _, cell := range cells {
				row = append(row, docs.Pieces(cell))
			}
			out.Rows = append(out.Rows, row)
		}
		v.Groups = append(v.Groups, out)
	}
	return show(w, r, "sandbox", "Sandbox", links, v)
}
