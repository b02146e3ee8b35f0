package nets

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
)

var _ connector.BankFormat = Bank{}

func TestBank(t *testing.T) {
	b := Bank{}
	kid, err := b.Reference(700412, 17)
	if err != nil || kid != "007004120000174" || payerOf(kid) != 700412 {
		t.Errorf("got %q (%v) of payer %d", kid, err, payerOf(kid))
	}
	for _, bad := range [][2]int64{{0, 1}, {connector.MaxPayer + 1, 1}, {1, -1}, {1, connector.MaxBill + 1}} {
		if _, err := b.Reference(bad[0], bad[1]); fault.Code(err) != "invalid.kid" {
			t.Errorf("%v: got %v", bad, err)
		}
	}
	c := connector.Creditor{Customer: "00912345", Account: "15039123451", Agreement: "000000000"}
	claim := connector.BankClaim{Payer: 700412, Reference: kid, Due: on(12, 28), Amount: nok(34900), Name: "Nora Lind Bråten", Text: "Dagsnytt", Notify: true, Bill: []string{"Dagsnytt komplett"}}
	body, err := b.Write(connector.Batch{Number: 17, Creditor: c, At: on(12, 14), Claims: []connector.BankClaim{claim}, Withdrawn: []connector.BankClaim{claim}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(body)
	if err != nil || len(f.Assignments) != 2 || f.Assignments[0].Claims[0].Payer != "NORA LIND" || !f.Assignments[0].Claims[0].Notify || f.Assignments[1].Kind != Withdraw {
		t.Errorf("got %+v (%v)", f, err)
	}
	if _, err := b.Read(body); !fault.Is(err, "invalid.bank_file") {
		t.Errorf("our own file: got %v", err)
	}
	if _, err := b.Write(connector.Batch{Creditor: c, Wishes: []connector.BankWish{{Payer: 1}}}); !fault.Is(err, "invalid.bank_file") {
		t.Errorf("a wish: got %v", err)
	}
	for param, bad := range map[string]connector.Creditor{"customer": {Customer: "912345"}, "account": {Customer: "00912345", Account: "1"}, "agreement": {Customer: "00912345", Account: "15039123451", Agreement: "x"}} {
		if err := b.CheckCreditor(bad); fault.Code(err) != "invalid.creditor" || !strings.Contains(err.Error(), param) {
			t.Errorf("%s: got %v", param, err)
		}
	}
}

func TestTidings(t *testing.T) {
	f := in()
	f.Assignments[0].Mandates[0].KID, _ = Bank{}.Reference(700412, 0)
	body, err := Format(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Bank{}.Read(body)
	if err != nil || got.Creditor.Customer != "00912345" || got.Creditor.Account != "15039123451" || len(got.Mandates) != 3 || len(got.Payments) != 3 {
		t.Fatalf("got %+v (%v)", got, err)
	}
	if m := got.Mandates[0]; m.Payer != 700412 || !m.Stands || m.Ended || !m.Notify {
		t.Errorf("got %+v", m)
	}
	if m := got.Mandates[1]; m.Payer != 0 || m.Stands || !m.Ended {
		t.Errorf("a KID that is none of ours: got %+v", m)
	}
	if p := got.Payments[0]; !p.Claimed || p.Back || p.Amount != nok(34900) || p.Reference != "70041208123044" {
		t.Errorf("got %+v", p)
	}
	if p := got.Payments[2]; !p.Back || p.Amount != nok(14900) || p.ID == got.Payments[0].ID {
		t.Errorf("got %+v", p)
	}
}
