package fake

import (
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/method"
)

// verdict is what the provider decides about a request.
type verdict struct {
	state   connector.State
	code    string
	auth    string
	risk    bool
	visit   *visit
	seconds int  // when turn happens; 0 for never
	turn    turn // what becomes of it then
}

func no(code string) verdict { return verdict{state: connector.Refused, code: code} }

var yes = verdict{state: connector.Approved}

// held is pending until something happens, or until the turn.
func held(seconds int, t turn) verdict {
	return verdict{state: connector.Pending, seconds: seconds, turn: t}
}

var never = turn{State: connector.Refused, Code: timedOut}

func (p *Provider) judge(w *writing, req connector.Request) verdict {
	switch {
	case !p.knows(req.Method), req.Kind == connector.Authenticate && req.Method != method.Card:
		return no(noOperation)
	case req.Mandate != "":
		return w.judgeMandate(req)
	case req.Method == method.Terminal:
		return p.judgeTerminal(w, req)
	case req.Method == method.PayTo: // there is nothing without an agreement
		return no(noOperation)
	case req.Method == method.Wallet:
		return judgeWallet(req)
	case req.Method == method.Voucher:
		return judgeVoucher(req)
	case req.Method == method.DirectDebit:
		return judgeDebit(req)
	case req.Method == method.BankTransfer:
		return judgeTransfer(req)
	}
	return judgeCard(req)
}

func (p *Provider) knows(m method.Name) bool {
	for _, own := range p.methods {
		if own == m {
			return true
		}
	}
	return false
}

// forced is the outcome that was wished for, if one was. An unavailable code
// is a refusal like any other here.
func forced(req connector.Request) (verdict, bool) {
	switch wish := req.Simulate["outcome"]; {
	case wish == "":
		return verdict{}, false
	case wish == "approved":
		return yes, true
	case wish == "review":
		return verdict{state: connector.Approved, risk: true}, true
	case wish == "pending":
		return held(visitSeconds, never), true
	case wish == "approved_later":
		return held(laterSeconds, turn{State: connector.Approved}), true
	case wish == "declined_later":
		return held(laterSeconds, turn{State: connector.Refused, Code: doNotHonour}), true
	case isCode(wish):
		return no(wish), true
	}
	return no(noOperation), true
}

// isCode says whether a wish has the form of a refusal's code.
func isCode(s string) bool {
	word, rest, _ := strings.Cut(s, ".")
	if word != "declined" && word != "unavailable" || len(s) > 64 {
		return false
	}
	return strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_.") == ""
}

func judgeCard(req connector.Request) verdict {
	if req.Card == nil {
		return no(invalidCard)
	}
	number := req.Card.Number.Reveal()
	known, listed := cards[number]
	_, faulty := faultCards[number]
	end, wished := forced(req)
	switch {
	case wished:
	case known.Flow == Invalid || !listed && !luhn(number):
		return no(invalidCard)
	case expired(req.Card, req.At):
		return no(expiredCard)
	}
	flow := flowOf(req, known.Flow, wished)
	auth := statusOf[flow]
	if t := req.ThreeDS; t != nil && auth == "" {
		auth = brought(t)
	}
	if code := stops(auth); code != "" && !wished {
		return verdict{state: connector.Refused, code: code, auth: auth}
	}
	if !wished {
		end = yes
		switch {
		case req.Kind == connector.Authenticate:
		case known.Flow == Soft && flow != Challenge && auth != "Y" && auth != "A" && !req.MIT:
			end = no(softDecline)
		case issuerCards[number].Code != "" && (req.Kind != connector.Verify || issuerCards[number].Code != insufficientFunds):
			end = no(issuerCards[number].Code)
		case !listed && !faulty:
			end = byAmount(req.Amount.Minor)
		}
	}
	if flow == Challenge {
		v := held(visitSeconds, never)
		v.risk = end.risk
		v.visit = &visit{Page: page3DS, Return: req.ReturnURL, Descriptor: req.Descriptor, Then: turn{State: end.state, Code: end.code}}
		if end.seconds > 0 {
			v.visit.Seconds, v.visit.Next = end.seconds, &end.turn
		}
		return v
	}
	if req.ThreeDS == nil {
		end.auth = auth
	}
	return end
}

// byAmount are the triggers for cards that are in no table.
func byAmount(minor int64) verdict {
	switch last := minor % 100; last {
	case reviewCents:
		return verdict{state: connector.Approved, risk: true}
	case laterCents:
		return held(5, turn{State: connector.Approved})
	case neverCents:
		return held(visitSeconds, never)
	default:
		if t, ok := triggers[last]; ok {
			return no(t.Code)
		}
	}
	return yes
}

func judgeWallet(req connector.Request) verdict {
	end, wished := forced(req)
	if wished && end.state != connector.Pending {
		return end
	}
	if req.Kind == connector.Credit || req.MIT {
		return yes
	}
	v := held(visitSeconds, never)
	v.visit = &visit{Page: pageWallet, Return: req.ReturnURL, Descriptor: req.Descriptor, Then: turn{State: connector.Approved}}
	return v
}

// judgeVoucher: a slip is paid in one go, so there is nothing to reserve, and
// nobody can be paid or verified with one.
func judgeVoucher(req connector.Request) verdict {
	if req.Kind != connector.Debit {
		return no(noOperation)
	}
	end, wished := forced(req)
	if wished && end.state != connector.Pending {
		return end
	}
	v := held(slipSeconds, never)
	v.visit = &visit{Page: pageSlip, Return: req.ReturnURL, Descriptor: req.Descriptor, Then: turn{State: connector.Approved}}
	return v
}
