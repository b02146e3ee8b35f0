package bankgirot

import (
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

var _ connector.BankFormat = Bank{}

func TestBank(t *testing.T) {
	b := Bank{}
	ocr, err := b.Reference(700412, 17)
	if err != nil || ocr != "007004120000174" {
		t.Errorf("got %q (%v)", ocr, err)
	}
	c := connector.Creditor{Customer: "471117", Account: "9912346"}
	if err := b.CheckCreditor(c); err != nil {
		t.Error(err)
	}
	for _, bad := range []connector.Creditor{{}, {Customer: "471117", Account: "9912347"}, {Customer: "471117", Account: "9912346", Agreement: "1"}} {
		if err := b.CheckCreditor(bad); fault.Code(err) != "invalid.creditor" {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
	batch := connector.Batch{Number: 17, Creditor: c, At: on(12, 14), Claims: []connector.BankClaim{{Payer: 700412, Reference: ocr, Due: on(12, 28), Amount: sek(29900)}},
		Wishes: []connector.BankWish{{Payer: 700412, Account: method.Conceal(account), Person: method.Conceal(person)}, {Payer: 700413, End: true}}}
	body, err := b.Write(batch)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(body)
	if err != nil || f.Request == nil || len(f.Request.Wishes) != 2 || f.Request.Wishes[0].Account != account || f.Request.Claims[0].Reference != ocr || f.Request.Claims[0].Payer != nora {
		t.Errorf("got %s (%v)", show(f), err)
	}
	if _, err := b.Read(body); !fault.Is(err, "invalid.bank_file") {
		t.Errorf("our own file: got %v", err)
	}
	batch.Withdrawn = batch.Claims
	if _, err := b.Write(batch); !fault.Is(err, "invalid.bank_file") {
		t.Errorf("a claim taken back: got %v", err)
	}
}

func TestTidings(t *testing.T) {
	read := func(name string) connector.Tidings {
		got, err := Bank{}.Read([]byte(kit.Text(t, files()[name])))
		if err != nil || got.Creditor != (connector.Creditor{Customer: "471117", Account: "9912346"}) {
			t.Fatalf("%s: got %+v (%v)", name, got, err)
		}
		return got
	}
	m := read("advice.txt").Mandates
	if len(m) != 3 || !m[0].Stands || m[0].Payer != 700412 || !m[1].Ended || m[2].Stands || m[2].Ended {
		t.Errorf("got %+v", m)
	}
	s := read("specification.txt")
	if len(s.Payments) != 3 || len(s.Refusals) != 3 || !s.Payments[2].Back || s.Payments[0].Back || s.Payments[0].ID == s.Payments[1].ID {
		t.Errorf("got %+v", s)
	}
	if r := s.Refusals; r[0].Code != fault.DeclinedInsufficientAccount || r[0].Again || r[1].Code != fault.DeclinedClosedAccount || !r[2].Again {
		t.Errorf("got %+v", r)
	}
	if r := read("rejections.txt").Refusals; len(r) != 2 || r[0].Code != fault.DeclinedMandateCancelled || r[1].Code != fault.DeclinedDirectDebit || r[1].Bank != "03" {
		t.Errorf("got %+v", r)
	}
}
