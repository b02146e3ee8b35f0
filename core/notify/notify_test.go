package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// post is a service over a real database with a carrier that the test plays.
type post struct {
	*notify.Service
	t          *testing.T
	clock      *storetest.Clock
	jobs       *job.Queue
	test, live ident.ID
	carried    []notify.Parcel
	answer     error
}

func each(t *testing.T, fn func(p *post)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			p := &post{t: t, clock: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))}
			db := storetest.Open(t, engine, func(o *store.Options) { o.Clock = p.clock.Now })
			keys, err := vault.EphemeralKeys()
			if err != nil {
				t.Fatal(err)
			}
			log := &event.Log{}
			p.Service = &notify.Service{DB: db, Events: log, Vault: &vault.Service{DB: db, Keys: keys, Log: log},
				Money: func(l string, a money.Amount) string { return fmt.Sprint(l, " ", a.Minor, " ", a.Currency) },
				Date:  func(l string, at time.Time) string { return at.Format(time.DateOnly) }}
			p.Email, p.SMS = p.carry, p.carry
			p.jobs = &job.Queue{DB: db, Clock: p.clock.Now, Log: slog.New(slog.DiscardHandler)}
			p.Register(p.jobs)
			gate := &access.Service{DB: db, Clock: p.clock.Now}
			for env, id := range map[access.Environment]*ident.ID{access.Test: &p.test, access.Live: &p.live} {
				r, err := gate.AddRealm(t.Context(), "Lind Media", env)
				if err != nil {
					t.Fatal(err)
				}
				*id = r.ID
			}
			fn(p)
		})
	}
}

func (p *post) carry(_ context.Context, parcel notify.Parcel) (string, error) {
	p.carried = append(p.carried, parcel)
	return "ref-1", p.answer
}

func (p *post) send(realm ident.ID, d notify.Draft) (m notify.Message, err error) {
	p.t.Helper()
	err = p.DB.Update(context.Background(), realm, func(tx *store.Tx) (err error) {
		m, err = p.Send(tx, d)
		return err
	})
	return m, err
}

func (p *post) must(realm ident.ID, d notify.Draft) notify.Message {
	p.t.Helper()
	m, err := p.send(realm, d)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// work does what is due and says how many jobs that were.
func (p *post) work() (n int) {
	p.t.Helper()
	for {
		jobs, err := p.jobs.Claim(context.Background(), 10)
		if err != nil {
			p.t.Fatal(err)
		}
		if len(jobs) == 0 {
			return n
		}
		for _, j := range jobs {
			n++
			p.jobs.Run(context.Background(), j)
		}
	}
}

func (p *post) get(realm, id ident.ID) notify.Kept {
	p.t.Helper()
	k, err := p.Get(context.Background(), realm, id)
	if err != nil {
		p.t.Fatal(err)
	}
	return k
}

func (p *post) events(realm, id ident.ID) string {
	p.t.Helper()
	var out []string
	err := p.DB.View(context.Background(), realm, func(tx *store.Tx) error {
		list, err := event.Of(tx, id)
		for _, e := range list {
			out = append(out, e.Type)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

var staff = audit.By{Actor: "key1", Origin: "test"}

var link = notify.Draft{Merchant: "m1", Object: "p1", Channel: notify.SMS, To: "+47 900 00 001", Template: notify.PaymentLink, Locale: "nb-NO",
	Words: map[string]string{"merchant": "Lind Media", "link": "https://pay.example/l/u3k9"}, Amounts: map[string]money.Amount{"amount": {Minor: 34900, Currency: "NOK"}}}

func TestTestRealmHoldsMessages(t *testing.T) {
	each(t, func(p *post) {
		m := p.must(p.test, link)
		if m.State != notify.Held || m.To != "+4790000001" || m.Locale != "nb" {
			p.t.Errorf("got %+v", m)
		}
		if n := p.work(); n != 0 || len(p.carried) != 0 {
			p.t.Errorf("%d jobs, %d messages left", n, len(p.carried))
		}
		list, err := p.List(context.Background(), p.test, notify.Filter{To: "+4790000001", Object: "p1"}, 10)
		if err != nil || len(list) != 1 {
			p.t.Fatalf("got %d messages, %v", len(list), err)
		}
		if want := "Lind Media: betal nb 34900 NOK her: https://pay.example/l/u3k9"; list[0].Text != want {
			p.t.Errorf("got %q, want %q", list[0].Text, want)
		}
		if got := list[0].Links(); !slices.Equal(got, []string{"https://pay.example/l/u3k9"}) {
			p.t.Errorf("got links %q", got)
		}
		if got := p.events(p.test, m.ID); got != "message.held" {
			p.t.Errorf("got events %q", got)
		}
		if _, err := p.Get(context.Background(), p.live, m.ID); !fault.Is(err, "not_found.message") {
			p.t.Errorf("another realm reads it: %v", err)
		}
		p.Allowed = []string{"+4790000001", "@lind.example"}
		p.must(p.test, link)
		mail := link
		mail.Channel, mail.To = notify.Email, "ola@lind.example"
		p.must(p.test, mail)
		mail.To = "ola@notlind.example"
		p.must(p.test, mail)
		p.work()
		if len(p.carried) != 2 {
			p.t.Errorf("%d messages left, want the 2 that are allowed", len(p.carried))
		}
	})
}

func TestLiveDelivers(t *testing.T) {
	each(t, func(p *post) {
		m := p.must(p.live, link)
		if p.work(); len(p.carried) != 1 || p.carried[0].ID != m.ID || p.carried[0].To != "+4790000001" {
			p.t.Fatalf("got %+v", p.carried)
		}
		if k := p.get(p.live, m.ID); k.State != notify.Sent || k.Reference != "ref-1" || k.Tries != 1 {
			p.t.Errorf("got %+v", k)
		}
		for range 2 { // the second tells nothing new
			if err := p.Report(context.Background(), p.live, m.ID, true, ""); err != nil {
				p.t.Fatal(err)
			}
		}
		if k, got := p.get(p.live, m.ID), p.events(p.live, m.ID); k.State != notify.Delivered || got != "message.queued message.sent message.delivered" {
			p.t.Errorf("got %s, %q", k.State, got)
		}
		lost := p.must(p.live, link)
		p.work()
		if err := p.Report(context.Background(), p.live, lost.ID, false, "absent\r\nsubscriber"); err != nil {
			p.t.Fatal(err)
		}
		if k := p.get(p.live, lost.ID); k.State != notify.Failed || k.Reason != "absent subscriber" {
			p.t.Errorf("got %s, %q", k.State, k.Reason)
		}
	})
}

func TestRetriesUntilTimeIsUp(t *testing.T) {
	each(t, func(p *post) {
		p.answer = errors.New("dial tcp: refused")
		m := p.must(p.live, link)
		for range 40 {
			p.work()
			p.clock.Add(time.Hour)
		}
		k := p.get(p.live, m.ID)
		if k.State != notify.Failed || k.Reason != "the carrier could not be reached" || k.Tries < 6 || k.Tries > 12 || p.carried[0].ID != p.carried[1].ID {
			p.t.Errorf("got %s after %d tries: %s", k.State, k.Tries, k.Reason)
		}
		p.answer, p.carried = fault.New("declined.number", "unknown number"), nil
		m = p.must(p.live, link)
		p.work()
		p.clock.Add(time.Hour)
		if p.work(); len(p.carried) != 1 || p.get(p.live, m.ID).State != notify.Failed {
			p.t.Errorf("%d tries of what was refused", len(p.carried))
		}
	})
}

func TestCodesAreForgotten(t *testing.T) {
	each(t, func(p *post) {
		d := notify.Draft{Merchant: "m1", Channel: notify.Email, To: "ola@example.com", Template: notify.Code, Until: p.clock.Now().Add(10 * time.Minute),
			Words: map[string]string{"merchant": "Lind Media", "code": "481204", "minutes": "10"}}
		m := p.must(p.live, d)
		if p.work(); !strings.Contains(p.carried[0].Text, "481204") || strings.Contains(p.carried[0].Subject, "481204") {
			p.t.Errorf("got %+v", p.carried[0])
		}
		if k := p.get(p.live, m.ID); k.State != notify.Sent || k.Text != "" {
			p.t.Errorf("%s, and %q is still there", k.State, k.Text)
		}
		late := p.must(p.live, d)
		p.clock.Add(11 * time.Minute)
		if p.work(); len(p.carried) != 1 || p.get(p.live, late.ID).State != notify.Failed {
			p.t.Error("a code left after its time")
		}
	})
}

func TestUndoneSendsNothing(t *testing.T) {
	each(t, func(p *post) {
		err := p.DB.Update(context.Background(), p.live, func(tx *store.Tx) error {
			if _, err := p.Send(tx, link); err != nil {
				return err
			}
			return fault.New("invalid.test", "undone")
		})
		if !fault.Is(err, "invalid.test") || p.work() != 0 {
			p.t.Errorf("got %v, %d carried", err, len(p.carried))
		}
	})
}

func TestSendRefuses(t *testing.T) {
	each(t, func(p *post) {
		mail := notify.Draft{Merchant: "m1", Channel: notify.Email, To: "ola@example.com", Subject: "Hei", Text: "Hei"}
		p.Prefixes = []string{"+47", "+46"}
		for _, c := range []struct {
			want   string
			change func(d *notify.Draft)
		}{
			{"invalid.channel", func(d *notify.Draft) { d.Channel = "fax" }},
			{"invalid.address", func(d *notify.Draft) { d.To = "ola@example.com\r\nBcc: all@example.com" }},
			{"invalid.address", func(d *notify.Draft) { d.To = "Ola <ola@example.com>" }},
			{"invalid.address", func(d *notify.Draft) { d.To = "a@example.com,b@example.com" }},
			{"invalid.address", func(d *notify.Draft) { d.To = "ola@localhost" }},
			{"invalid.phone", func(d *notify.Draft) { d.Channel, d.To = notify.SMS, "90000001" }},
			{"invalid.phone", func(d *notify.Draft) { d.Channel, d.To = notify.SMS, "+4790000001;+4790000002" }},
			{"forbidden.country", func(d *notify.Draft) { d.Channel, d.To = notify.SMS, "+8821600000001" }},
			{"invalid.template", func(d *notify.Draft) { d.Template = "lottery" }},
			{"invalid.words", func(d *notify.Draft) { d.Template = notify.Receipt }},
			{"invalid.link", func(d *notify.Draft) {
				d.Template, d.Words = notify.PaymentLink, map[string]string{"link": "javascript:alert(1)"}
			}},
			{"invalid.subject", func(d *notify.Draft) { d.Subject = "Hei\r\nBcc: all@example.com" }},
			{"invalid.subject", func(d *notify.Draft) { d.Subject = "" }},
			{"invalid.text", func(d *notify.Draft) { d.Text = " \n" }},
			{"invalid.text", func(d *notify.Draft) { d.Channel, d.To, d.Text = notify.SMS, "+4790000001", strings.Repeat("å", 1001) }},
			{"invalid.attachment", func(d *notify.Draft) {
				d.Attachments = []notify.Attachment{{Name: "a.pdf", Type: "application/pdf", Body: []byte("MZ")}}
			}},
			{"invalid.attachment", func(d *notify.Draft) {
				d.Attachments = []notify.Attachment{{Name: "../a.pdf", Type: "application/pdf", Body: []byte("%PDF-1.7")}}
			}},
		} {
			d := mail
			c.change(&d)
			if _, err := p.send(p.live, d); !fault.Is(err, c.want) {
				p.t.Errorf("got %v, want %s", err, c.want)
			}
		}
		p.Email = nil
		if _, err := p.send(p.live, mail); !fault.Is(err, "unavailable.channel") {
			p.t.Errorf("got %v without a carrier", err)
		}
		if _, err := p.send(p.test, mail); err != nil {
			p.t.Errorf("a test realm needs no carrier: %v", err)
		}
		if list, err := p.List(context.Background(), p.live, notify.Filter{}, 10); err != nil || len(list) != 0 || p.work() != 0 {
			p.t.Errorf("%d refused messages were kept (%v)", len(list), err)
		}
	})
}

func TestLimits(t *testing.T) {
	each(t, func(p *post) {
		p.Limits = notify.Limits{AddressHour: 2, AddressDay: 3, MerchantHour: 4, MerchantDay: 100}
		to := func(realm ident.ID, number string, want string) {
			p.t.Helper()
			d := link
			d.To = number
			if _, err := p.send(realm, d); fault.Code(err) != want {
				p.t.Errorf("%s: got %v, want %q", number, err, want)
			}
		}
		to(p.live, "+4790000001", "")
		to(p.live, "004790000001", "")
		to(p.live, "+4790000001", "limited.address")
		p.clock.Add(time.Hour)
		to(p.live, "+4790000001", "")
		to(p.live, "+4790000001", "limited.address") // of the day
		for n := range 3 {
			to(p.live, fmt.Sprint("+479000001", n), "")
		}
		to(p.live, "+4790000020", "limited.merchant")
		for range 20 {
			to(p.test, "+4790000001", "")
		}
		to(p.test, "+4790000001", "limited.address")
		p.clock.Add(72 * time.Hour)
		for _, want := range []int{3, 3, 3} {
			if n, err := p.Sweep(context.Background(), p.live, p.clock.Now(), 3); err != nil || n < want {
				p.t.Errorf("swept %d, %v", n, err)
			}
		}
	})
}

func TestKeyRotationReseals(t *testing.T) {
	each(t, func(p *post) {
		m := p.must(p.test, link)
		if _, err := p.Vault.NewKey(context.Background(), p.test, staff); err != nil {
			p.t.Fatal(err)
		}
		for _, want := range []int{1, 0} {
			if n, err := p.Reseal(context.Background(), p.test, 10); n != want || err != nil {
				p.t.Errorf("resealed %d (%v), want %d", n, err, want)
			}
		}
		if k := p.get(p.test, m.ID); k.Text == "" {
			p.t.Error("the text is lost")
		}
	})
}

// Whatever somebody calls himself, the reader sees one line of text and no link.
func TestNamesAreTamed(t *testing.T) {
	each(t, func(p *post) {
		d := link
		d.Channel, d.To, d.Locale = notify.Email, "ola@example.com", "en"
		d.Words = maps.Clone(d.Words)
		d.Words["name"] = "<b>{link}\r\nhttps://evil.example/\u202egnp"
		k := p.get(p.test, p.must(p.test, d).ID)
		if !strings.HasPrefix(k.Text, "Hello <b>{link} https evil.example/gnp,\n\n") || len(k.Links()) != 1 {
			p.t.Errorf("got %q", k.Text)
		}
		if strings.Contains(k.HTML, "<b>") || strings.Count(k.HTML, "<a ") != 1 || !strings.Contains(k.HTML, `<a href="https://pay.example/l/u3k9">`) {
			p.t.Errorf("got %s", k.HTML)
		}
	})
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Every language says the same with the same words.
func TestTextsAreWhole(t *testing.T) {
	said := notify.Texts()
	want := slices.Sorted(maps.Keys(said["en"]))
	for l, words := range said {
		if got := slices.Sorted(maps.Keys(words)); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", l, got, want)
		}
		for key, text := range words {
			for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
				if !strings.Contains(said["en"][key], m[0]) {
					t.Errorf("%s %s: %s is not in the English text", l, key, m[0])
				}
			}
			for _, m := range placeholder.FindAllStringSubmatch(said["en"][key], -1) {
				if !strings.Contains(text, m[0]) {
					t.Errorf("%s %s: %s is missing", l, key, m[0])
				}
			}
		}
	}
	for wish, want := range map[string]string{"no": "nb", "nn-NO": "nb", "sv_SE": "sv", "DE-at": "de", "fr": "en", "": "en"} {
		if got := notify.Locale(wish); got != want {
			t.Errorf("%q: got %s, want %s", wish, got, want)
		}
	}
}
