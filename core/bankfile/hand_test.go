package bankfile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/nets"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/invoice"
)

// Without a courier, files are made and carried by hand, each once; what comes
// in is booked when it is brought.
func TestByHand(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		h.Couriers = nil
		owner := h.owner()
		h.want(h.no, owner, nil)
		agreed := h.mandate(h.no, owner)
		f, err := h.Take(ctx, h.actor, by, h.no.ID, "mandates", mandates(t, agreed.Reference))
		if err == nil {
			_, err = h.Enter(ctx, h.actor, f.ID)
		}
		if err != nil || h.mandate(h.no, owner).State != bankfile.Active {
			t.Fatalf("got %+v, %s (%v)", f, h.mandate(h.no, owner).State, err)
		}
		inv := h.bill(h.no, owner, 34900, "2026-12-10")
		out, found, err := h.Make(ctx, h.actor, by, h.no.ID)
		if err != nil || !found || out.Entries != 1 {
			t.Fatalf("got %+v, %v (%v)", out, found, err)
		}
		if _, found, err := h.Make(ctx, h.actor, by, h.no.ID); found || err != nil {
			t.Errorf("with nothing to write: got %v (%v)", found, err)
		}
		list, err := h.Waiting(ctx, h.actor, h.no.ID)
		if err != nil || len(list) != 1 || list[0].ID != out.ID {
			t.Errorf("got %+v (%v)", list, err)
		}
		if _, err := h.Deliver(ctx, h.actor, by, out.ID); err != nil {
			t.Error(err)
		}
		if list, err := h.Waiting(ctx, h.actor, h.no.ID); err != nil || len(list) != 0 {
			t.Errorf("delivered: got %+v (%v)", list, err)
		}
		good := []byte(answer(inv.Payable, "0000901", "15039123451"))
		c, err := h.Addressed(ctx, h.actor, good)
		if err != nil || c.ID != h.no.ID {
			t.Fatalf("got %+v (%v)", c, err)
		}
		for range 2 { // brought twice, entered twice
			f, err := h.Take(ctx, h.actor, by, c.ID, "good", good)
			if err == nil {
				f, err = h.Enter(ctx, h.actor, f.ID)
			}
			if err != nil || f.State != bankfile.Read {
				t.Errorf("got %+v (%v)", f, err)
			}
		}
		h.work() // the job finds nothing left
		if got := h.invoice(inv.ID); got.State != invoice.Paid || got.Paid != 34900 {
			t.Errorf("got %s, %d", got.State, got.Paid)
		}
	})
}

// mandates is a bank's file by which a payer has agreed.
func mandates(t *testing.T, reference string) []byte {
	t.Helper()
	body, err := nets.Format(nets.File{Sender: nets.Clearing, Number: "0000800", Recipient: "00912345", Date: start, Assignments: []nets.Assignment{
		{Kind: nets.Mandates, Agreement: "000000000", Number: "0000001", Account: "15039123451", Mandates: []nets.Mandate{{Change: nets.Made, KID: reference}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A file goes to the creditor that it names; one that cannot be read to that
// one's whose number stands in it; any other to none.
func TestAddressed(t *testing.T) {
	h := open(t, "sqlite")
	ctx := context.Background()
	good := answer("700412081230448", "0000901", "15039123451")
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"whole": {good, "nets"}, "cut": {good[:300], "nets"}, "Swedish, broken": {"01AUTOGIRO 471117", "bankgirot"}, "nobody's": {"hello", ""},
		"both": {"00912345 471117", ""},
	} {
		got, err := h.Addressed(ctx, h.actor, []byte(c.text))
		if got.Bank != c.want || (err == nil) != (c.want != "") || err != nil && !fault.Is(err, "not_found.creditor") {
			t.Errorf("%s: got %s (%v), want %s", name, got.Bank, err, c.want)
		}
	}
	if _, _, err := h.Make(ctx, access.Actor{Realm: h.actor.Realm}, by, h.no.ID); !fault.Is(err, "forbidden") {
		t.Errorf("without the right: got %v", err)
	}
	if _, err := h.Enter(ctx, access.Actor{Realm: h.actor.Realm}, h.no.ID); !fault.Is(err, "forbidden") {
		t.Errorf("without the right: got %v", err)
	}
	if _, err := h.AddCreditor(ctx, h.actor, by, bankfile.Creditor{Merchant: h.no.Merchant, Bank: "nets", Creditor: connector.Creditor{Customer: "00912346", Account: "15039123451", Agreement: "000000000"}}); err == nil || !strings.Contains(err.Error(), "set up") {
		t.Errorf("a second one: got %v", err)
	}
}
