package payment

import (
	"context"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Decision is a human's word about what waits in review.
type Decision struct {
	ID      ident.ID // an attempt under review, or a payment of which one thing waits
	Verdict Verdict
	Reason  string // why, for whoever reads the events later: 1 to 200 characters
	By      audit.By
}

// Decide ends the review of an attempt, or the risk review of a payment, and
// books what the verdict means (docs/ledger.md, Late success). Nobody is asked:
// what has to move at the provider was moved there before. A rejected risk alone
// is given back by florin itself. The same word said twice changes nothing the
// second time and is marked as replayed.
//
// Faults: forbidden.permission, invalid.verdict, invalid.reason,
// not_found.payment, conflict.review.several (the payment's id, and several of
// its attempts wait), conflict.review.decided (otherwise, before),
// conflict.not_in_review, conflict.review.exceeds.
func (s *Service) Decide(ctx context.Context, actor access.Actor, d Decision) (Outcome, error) {
	if err := actor.Need(access.Review); err != nil {
		return Outcome{}, err
	}
	if err := CheckDecision(d.Verdict, d.Reason); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		cur, err := load(tx, d.ID)
		if err != nil {
			return err
		}
		if actor.NeedMerchant(cur.Payment.Merchant) != nil {
			return missing()
		}
		list, err := AttemptsOf(tx, cur.Payment.ID)
		if err != nil {
			return err
		}
		a, waits, err := d.about(cur, list)
		if err != nil {
			return err
		}
		switch {
		case waits:
			cur.Attempt = a
			out, err = s.decideAttempt(tx, cur, list, d)
		case d.ID == cur.Payment.ID && cur.Payment.Risk == RiskReview:
			out, err = s.decideRisk(tx, cur, d.Verdict == Accept, ruling{d.Verdict, d.Reason})
		default:
			out, err = d.repeated(tx, cur)
			return err
		}
		if err == nil {
			audit.Add(tx, d.By, "review."+string(d.Verdict), d.ID, "ok")
		}
		return err
	})
	return out, err
}

// CheckDecision holds a verdict and its reason to what is kept of reviews.
// Faults: invalid.verdict, invalid.reason.
func CheckDecision(v Verdict, reason string) error {
	if v != Accept && v != Return {
		return fault.New("invalid.verdict", "a review ends with accept or return")
	}
	text := strings.TrimSpace(reason)
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 200 || strings.ContainsFunc(text, unicode.IsControl) {
		return fault.At("invalid.reason", "reason", "say why, in 1 to 200 characters")
	}
	digits := 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			digits++
		case r != ' ' && r != '-' && r != '.':
			digits = 0
		}
		if digits >= 12 { // a reason is kept for ever, in the clear
			return fault.At("invalid.reason", "reason", "a reason must not hold a card number or anything that looks like one")
		}
	}
	return nil
}

// about finds which attempt the decision means: the one of that id, or the only
// one that waits.
func (d Decision) about(cur Outcome, list []Attempt) (a Attempt, waits bool, err error) {
	if cur.Attempt.undecided() || d.ID != cur.Payment.ID {
		return cur.Attempt, cur.Attempt.undecided(), nil
	}
	for _, other := range list {
		if !other.undecided() {
			continue
		}
		if waits {
			return a, false, fault.New("conflict.review.several", "several attempts of this payment wait: name the attempt")
		}
		a, waits = other, true
	}
	return a, waits, nil
}

func (s *Service) decideAttempt(tx *store.Tx, cur Outcome, list []Attempt, d Decision) (Outcome, error) {
	c, err := decide(cur.Payment, cur.Attempt, list, d.Verdict, s.limits(cur.Payment), tx.Now())
	if err != nil {
		return cur, err
	}
	c.ruling = ruling{d.Verdict, d.Reason}
	return s.write(tx, c, cur)
}

// ruling is a human's part in an event.
type ruling struct {
	Verdict Verdict `json:"verdict,omitempty"`
	Reason  string  `json:"reason,omitempty"`
}

// repeated answers a decision about what waits no longer: events say what was
// decided.
func (d Decision) repeated(tx *store.Tx, cur Outcome) (Outcome, error) {
	events, err := event.Of(tx, cur.Payment.ID)
	if err != nil {
		return cur, err
	}
	last := Verdict("")
	for _, e := range events {
		var was struct {
			Attempt ident.ID
			Verdict Verdict
		}
		if json.Unmarshal([]byte(e.Data), &was) == nil && was.Verdict != "" && (was.Attempt == d.ID || d.ID == cur.Payment.ID) {
			last = was.Verdict
		}
	}
	switch last {
	case "":
		return cur, fault.New("conflict.not_in_review", "it does not wait for a decision")
	case d.Verdict:
		cur.Replayed = true
		return cur, nil
	}
	return cur, fault.New("conflict.review.decided", "it was decided otherwise before: %s", last)
}
