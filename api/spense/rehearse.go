package spense

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/store"
)

// What becomes of a payment in test mode, by the last two digits of its amount
// (sheet, 11). Terminals look at them by themselves.

// rehearsals are what becomes of the tries by a link.
var rehearsals = map[int64]struct {
	simulate map[string]string
	once     bool // and the next try is an ordinary one
}{
	1:        {map[string]string{"outcome": fault.DeclinedIssuer}, true},
	2:        {map[string]string{"outcome": fault.DeclinedCancelled}, true},
	3:        {map[string]string{"outcome": "approved_later"}, false},
	rejected: {map[string]string{"outcome": "declined_later"}, false},
	unclear:  {map[string]string{"fault": "lookup_down:60"}, true},
}

const (
	rejected = 4 // it is pending, and rejected then
	unclear  = 5 // nothing is known of it for a while
)

// testBill is the kind of bill that every organisation in test mode has.
const testBill ident.ID = "6fa0000000000000000000b1"

// billJob is the job that ends a test bill.
const billJob = "spense.bill"

// billEnding is when the test customer answers a bill, and whether with money.
func billEnding(minor int64) (after time.Duration, pays bool) {
	switch minor % 100 {
	case 1, 2:
		return 5 * time.Second, false
	case 3, unclear:
		return time.Minute, true
	case rejected:
		return time.Minute, false
	}
	return 5 * time.Second, true
}

// Register hands the job of this package to the queue.
func (s *Surface) Register(q *job.Queue) { q.Handle(billJob, s.endBill) }

// OnEvent has test bills answered once they are sent. Other kinds of bills wait
// for a transfer that names them.
func (s *Surface) OnEvent(tx *store.Tx, e event.Event) error {
	if c, ok := e.Subject.(invoice.Change); ok && e.Type == "invoice.sent" && c.Is.Details.Channel.ID == testBill {
		after, _ := billEnding(c.Is.Amount.Minor)
		job.Add(tx, billJob, c.Is.ID, tx.Now().Add(after))
	}
	return nil
}

// endBill is the test customer's answer: a transfer of what is left, or none. A
// bill that has ended, or was sent another way meanwhile, gets no answer.
func (s *Surface) endBill(ctx context.Context, j job.Job) error {
	return s.DB.Update(ctx, j.Realm, func(tx *store.Tx) error {
		inv, err := invoice.GetIn(tx, j.Object)
		if err != nil {
			return err
		}
		if !inv.State.Final() && inv.Paying == "" && inv.Details.Channel.ID == testBill {
			if _, pays := billEnding(inv.Amount.Minor); pays {
				_, err = s.Invoices.ReceiveIn(tx, invoice.Transfer{ID: "test bill " + string(inv.ID), Reference: inv.Payable, Amount: inv.Left()})
			} else {
				_, err = s.Invoices.CancelIn(tx, inv.ID, "the test customer does not pay")
			}
			if err != nil {
				return err
			}
		}
		return job.Done(tx, j)
	})
}
