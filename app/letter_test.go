package app

import (
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/core/notify"
)

// due does the jobs that are due.
func (r *reader) due() {
	r.t.Helper()
	for range 20 {
		list, err := r.Jobs.Claim(r.t.Context(), 50)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, j := range list {
			r.Jobs.Run(r.t.Context(), j)
		}
		if len(list) == 0 {
			return
		}
	}
}

// A bill comes by e-mail with the invoice beside it, in the reader's language,
// and tells what a transfer has to name; a reminder comes by SMS too.
func TestBillsAreSent(t *testing.T) {
	r := openReader(t)
	realm, err := r.devRealm(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	to := func(address string) []notify.Kept {
		t.Helper()
		list, err := r.Notify.List(t.Context(), realm.ID, notify.Filter{To: address}, 10)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	number := r.box.Media.InvoiceNumber
	bill := to(devReader)
	if len(bill) != 1 || bill[0].Template != notify.Invoice || !strings.HasPrefix(bill[0].Subject, "Faktura "+number+" fra ") ||
		!strings.Contains(bill[0].Text, "349") || !strings.Contains(bill[0].Text, devAccount) ||
		len(bill[0].Attachments) != 1 || !strings.HasPrefix(string(bill[0].Attachments[0].Body), "%PDF-") {
		t.Fatalf("got %+v", bill)
	}
	if _, err := r.Access.Advance(t.Context(), realm.ID, 20*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	r.due()
	mail, sms := to(devReader), to(devPhone)
	if len(mail) != 2 || mail[0].Template != notify.Reminder || !strings.Contains(mail[0].Subject, number) {
		t.Errorf("got %+v", mail)
	}
	if len(sms) != 1 || sms[0].Template != notify.Reminder || sms[0].Channel != notify.SMS || !strings.Contains(sms[0].Text, number) || strings.Contains(sms[0].Text, "{") {
		t.Errorf("got %+v", sms)
	}
}
