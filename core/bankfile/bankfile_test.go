package bankfile_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

var by = audit.By{Actor: "nora", Origin: "test"}

// A Norwegian payer agrees at the bank; bills are paid, not paid, taken back
// and withdrawn, and florin's books say what the bank's say.
func TestAvtaleGiro(t *testing.T) {
	each(t, func(h *house) {
		owner := h.owner()
		m := h.want(h.no, owner, nil)
		if m.State != bankfile.Wanted || m.Payer != 1 || !method.CheckKID(m.Reference, method.Mod10) {
			h.t.Fatalf("got %+v", m)
		}
		if again := h.want(h.no, owner, nil); again.ID != m.ID || again.Version != m.Version {
			h.t.Errorf("wanted twice: got %+v", again)
		}
		h.until(12, 3)
		if m = h.mandate(h.no, owner); m.State != bankfile.Active || !m.Notify {
			h.t.Fatalf("got %+v, having heard %q", m, h.heard)
		}
		paid, short, back := h.bill(h.no, owner, 34900, "2026-12-10"), h.bill(h.no, owner, 34961, "2026-12-10"), h.bill(h.no, owner, 14964, "2026-12-11")
		gone, early := h.bill(h.no, owner, 9900, "2026-12-15"), h.bill(h.no, owner, 8800, "2026-12-15")
		h.update(func(tx *store.Tx) error { return h.Recall(tx, early.ID) })
		h.until(12, 5)
		if c := h.claim(paid.ID); c.State != bankfile.Sent || c.File == "" {
			h.t.Errorf("got %+v", c)
		}
		h.update(func(tx *store.Tx) error { return h.Recall(tx, gone.ID) })
		h.until(12, 12)
		if inv, c := h.invoice(paid.ID), h.claim(paid.ID); inv.State != invoice.Paid || c.State != bankfile.Paid || inv.Method != "bank_transfer" {
			h.t.Errorf("got %s, %s", inv.State, c.State)
		}
		if inv := h.invoice(back.ID); inv.State != invoice.Paid {
			h.t.Errorf("got %s", inv.State)
		}
		late := h.bill(h.no, owner, 50000, "2026-12-16") // an income from which to take back
		h.until(12, 20)
		if inv := h.invoice(back.ID); inv.State != invoice.Sent || inv.Left().Minor != 14964 {
			h.t.Errorf("taken back: got %s, %d left", inv.State, inv.Left().Minor)
		}
		for id, want := range map[ident.ID]bankfile.ClaimState{short.ID: bankfile.Lapsed, gone.ID: bankfile.Recalled, early.ID: bankfile.Recalled, late.ID: bankfile.Paid} {
			if c := h.claim(id); c.State != want {
				h.t.Errorf("got %s (%s), want %s", c.State, c.Code, want)
			}
		}
		h.balanced("NOK", 34900+50000)
		if slices.Contains(h.heard, "bank_file.quarantined") {
			h.t.Errorf("got %q", h.heard)
		}
	})
}

// balanced compares the books with the bank's.
func (h *house) balanced(c money.Currency, want int64) {
	h.t.Helper()
	list, unreadable, err := h.bank.Entries()
	h.must(err)
	sum := int64(0)
	for _, e := range list {
		if (e.Bank == "nets") == (c == "NOK") {
			sum += e.Minor
		}
	}
	got := h.stands(ledger.Bank, c)
	if len(unreadable) > 0 || sum != want || got != want || h.stands(ledger.Merchant(h.no.Merchant), c) != -want {
		h.t.Errorf("the bank says %d %s, our books %d, want %d; unreadable: %q", sum, c, got, want, unreadable)
	}
}

// A Swedish payer's account goes out with the wish, and nowhere else.
func TestAutogiro(t *testing.T) {
	each(t, func(h *house) {
		owner := h.owner()
		account := &bankfile.Account{Number: method.Conceal("3300001212121212"), Person: method.Conceal("191212121212")}
		err := h.DB.Update(context.Background(), h.actor.Realm, func(tx *store.Tx) error {
			_, err := h.Want(tx, h.se, owner, nil)
			return err
		})
		if fault.Code(err) != "invalid.account" {
			h.t.Errorf("without an account: got %v", err)
		}
		h.want(h.se, owner, account)
		h.until(12, 2)
		if m := h.mandate(h.se, owner); m.State != bankfile.Asked {
			h.t.Errorf("got %s", m.State)
		}
		files, err := h.Files(context.Background(), h.actor, h.se.ID, "", 10)
		if err != nil || len(files) != 1 || files[0].State != bankfile.Delivered {
			h.t.Fatalf("got %+v (%v)", files, err)
		}
		if _, text, err := h.Text(context.Background(), h.actor, by, files[0].ID); err != nil || !bytes.Contains(text, []byte("3300001212121212")) {
			h.t.Errorf("got %q (%v)", text, err)
		}
		h.until(12, 4)
		if m := h.mandate(h.se, owner); m.State != bankfile.Active {
			h.t.Fatalf("got %s", m.State)
		}
		h.must(h.bank.Expect("bankgirot", "471117", 1, fake.FateShort, fake.FateLate))
		short, late := h.bill(h.se, owner, 29900, "2026-12-08"), h.bill(h.se, owner, 19900, "2026-12-09")
		h.until(12, 9)
		if c := h.claim(short.ID); c.State != bankfile.NotPaid || c.Code != fault.DeclinedInsufficientAccount {
			h.t.Errorf("got %s (%s)", c.State, c.Code)
		}
		if c := h.claim(late.ID); c.State != bankfile.Sent {
			h.t.Errorf("the bank tries again: got %s", c.State)
		}
		h.until(12, 10)
		if inv := h.invoice(late.ID); inv.State != invoice.Paid {
			h.t.Errorf("got %s", inv.State)
		}
		h.update(func(tx *store.Tx) error { return h.Leave(tx, h.creditor(h.se), owner) })
		h.until(12, 11)
		if m := h.mandate(h.se, owner); m.State != bankfile.Ended {
			h.t.Errorf("got %s", m.State)
		}
		h.balanced("SEK", 19900)
	})
}

// Nothing is booked from a bad file; it is kept with its line and the reason.
func TestBadFiles(t *testing.T) {
	each(t, func(h *house) {
		owner := h.owner()
		h.want(h.no, owner, nil)
		h.until(12, 3)
		inv := h.bill(h.no, owner, 34900, "2026-12-10")
		h.until(12, 5)
		good := answer(inv.Payable, "0000901", "15039123451")
		before := len(h.heard)
		for name, c := range map[string]struct{ text, place, reason string }{
			"nothing":       {"", "file", "empty"},
			"a short line":  {good[:len(good)-20], "line 6", "columns"},
			"a wrong sum":   {strings.ReplaceAll(good, "00000000000034900 ", "00000000000034901 "), "line 5", "the sum is said to be 34900"},
			"unknown":       {strings.Replace(good, "NY09153", "NY09157", 1), "line 3", "has no place"},
			"Latin-1":       {strings.Replace(good, "NY091530", "NY09\xe5530", 1), "line 3", "not all digits"},
			"UTF-8":         {strings.Replace(good, "NY091530", "NY09å530", 1), "line 3", "UTF-8"},
			"another payee": {answer(inv.Payable, "0000902", "15039123400"), "file", "another creditor"},
			"one of ours":   {strings.Replace(answer(inv.Payable, "0000903", "15039123451"), "NY0000100000808000009030091234500000000000", "NY0000100000808000009030091234600000000000", 1), "file", "another creditor"},
		} {
			f, err := h.Take(context.Background(), h.actor, by, h.no.ID, name, []byte(c.text))
			if err != nil || f.State != bankfile.Quarantined || f.Place != c.place || !strings.Contains(f.Reason, c.reason) {
				h.t.Errorf("%s: got %s, %s: %s (%v), want %s: %s", name, f.State, f.Place, f.Reason, err, c.place, c.reason)
			}
			h.work()
		}
		if got := h.heard[before:]; len(got) != 8 || slices.ContainsFunc(got, func(s string) bool { return s != "bank_file.quarantined" }) {
			h.t.Errorf("got %q", got)
		}
		if h.invoice(inv.ID).Paid != 0 || h.stands(ledger.Bank, "NOK") != 0 {
			h.t.Errorf("a bad file was booked: %+v", h.invoice(inv.ID))
		}
		stranger := h.actor
		stranger.Merchants = []ident.ID{"000000000000000000000000"}
		if _, err := h.Take(context.Background(), stranger, by, h.no.ID, "x", []byte(good)); fault.Code(err) != "not_found.creditor" {
			h.t.Errorf("a stranger: got %v", err)
		}
		if _, err := h.Take(context.Background(), access.Actor{Realm: h.actor.Realm}, by, h.no.ID, "x", []byte(good)); fault.Code(err) != "forbidden.permission" {
			h.t.Errorf("without the right: got %v", err)
		}
	})
}

// A file brought again, by many at once and with other line ends, is booked once.
func TestTheSameFileAgain(t *testing.T) {
	each(t, func(h *house) {
		owner := h.owner()
		h.want(h.no, owner, nil)
		h.until(12, 3)
		inv := h.bill(h.no, owner, 34900, "2026-12-10")
		h.until(12, 5)
		good := answer(inv.Payable, "0000901", "15039123451")
		ids := make([]ident.ID, 8)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				f, err := h.Take(context.Background(), h.actor, by, h.no.ID, "good", []byte(good))
				if err != nil || f.State == bankfile.Quarantined {
					h.t.Errorf("got %+v (%v)", f, err)
				}
				ids[i] = f.ID
			})
		}
		all.Wait()
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 1 {
			h.t.Errorf("got files %q", ids)
		}
		h.work()
		if got := h.invoice(inv.ID); got.State != invoice.Paid || got.Paid != 34900 {
			h.t.Errorf("got %s, %d", got.State, got.Paid)
		}
		f, err := h.Take(context.Background(), h.actor, by, h.no.ID, "good.txt", []byte(strings.ReplaceAll(good, "\n", "\r\n")))
		if err != nil || f.State != bankfile.Quarantined || !strings.Contains(f.Reason, "the number 0000901 was taken before") {
			h.t.Errorf("with other line ends: got %s: %s (%v)", f.State, f.Reason, err)
		}
		h.work()
		if got := h.stands(ledger.Bank, "NOK"); got != 34900 {
			h.t.Errorf("the books: got %d", got)
		}
		// A payment that names nothing of ours waits for a human.
		f, err = h.Take(context.Background(), h.actor, by, h.no.ID, "stray", []byte(answer("700412081230448", "0000904", "15039123451")))
		h.must(err)
		h.work()
		list, err := h.UnmatchedIn(context.Background(), h.actor, f.ID)
		if err != nil || len(list) != 1 || list[0].Payment.Amount.Minor != 34900 || list[0].Reason == "" {
			h.t.Errorf("got %+v (%v)", list, err)
		}
		if got := h.stands(ledger.Suspense("bank"), "NOK"); got != -34900 {
			h.t.Errorf("in suspense: got %d", got)
		}
	})
}

func TestWhoMayBeACreditor(t *testing.T) {
	each(t, func(h *house) {
		c := h.no
		if _, err := h.AddCreditor(context.Background(), h.actor, by, c); fault.Code(err) != "conflict.creditor" {
			h.t.Errorf("twice: got %v", err)
		}
		c.Account = "1"
		if _, err := h.AddCreditor(context.Background(), h.actor, by, c); fault.Code(err) != "invalid.creditor" {
			h.t.Errorf("a short account: got %v", err)
		}
		c.Bank = "pigeon"
		if _, err := h.AddCreditor(context.Background(), h.actor, by, c); fault.Code(err) != "invalid.bank" {
			h.t.Errorf("no such bank: got %v", err)
		}
	})
}

// answer is a bank's file of one payment of 349.00, by hand.
func answer(kid, number, account string) string {
	zeros := strings.Repeat("0", 49)
	return strings.Join([]string{
		"NY00001000008080" + number + "00912345" + zeros,
		"NY0900200010085660000001" + account + zeros[:45],
		"NY091530000000110122613201000010" + "00000000000034900" + strings.Repeat(" ", 25-len(kid)) + kid + "000000",
		"NY0915310000001" + "0000000000" + "000000001" + "0000000" + "101226" + "99990512341" + zeros[:22],
		"NY0900880000000100000004" + "00000000000034900" + "101226101226101226" + zeros[:21],
		"NY0000890000000100000006" + "00000000000034900" + "101226" + zeros[:33], ""}, "\n")
}
