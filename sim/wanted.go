package sim

import (
	"slices"
	"strings"

	"github.com/florinpay/florin/connector/fake"
)

// wanted are ways between states, branches of recovery and faults of our own. A
// simulation that never goes there proves nothing about it.
const wanted = `
	attempt sent > approved | attempt sent > refused | attempt sent > pending | attempt sent > unknown | attempt sent > review
	attempt pending > approved | attempt pending > refused
	attempt unknown > approved | attempt unknown > refused | attempt unknown > pending | attempt unknown > review
	attempt refused > late_success | attempt approved > failed_late
	payment processing > unknown | payment processing > failed | payment processing > authorised | payment processing > captured
	payment pending > authorised | payment pending > captured | payment pending > failed
	payment unknown > authorised | payment unknown > captured | payment unknown > credited | payment unknown > verified
	payment unknown > failed | payment unknown > pending | payment unknown > review
	payment authorised > captured | payment authorised > voided | payment authorised > expired | payment authorised > review
	payment captured > voided | payment captured > review | payment failed > review
	booked chargeback | booked chargeback_reversal | surplus | left to a person
	replayed | changed body refused | told to try again | asked under a new key | form posted twice | edited form | payer leaves | payer returns
	callback refused unauthenticated.signature | callback refused not_found.payment | callback refused conflict.amount | callback refused conflict.callback
	delivered again | delivery lease lost | interleaved | risk decision | time travel
	job payment.recover | job payment.resolve | job payment.expire | job payment.give_back
	fault crash before a commit | fault crash after a commit | fault crash before a request | fault crash after an answer
	fault crash before a lookup | fault crash after a lookup | fault crash before a delivery | fault crash after a delivery
	fault commit failed, before | fault commit failed, after | fault request late | fault lookup unanswered | fault restart
	fault clock set ahead | fault clock set back | fault callback again | fault slip paid wrongly
	fault receiver 500 | fault receiver busy | fault receiver slow | fault receiver timeout | fault receiver unreachable`

// Wanted is what every run of some length has to have seen: each fault of the
// provider's catalogue, each way between states, each branch of recovery.
func Wanted() (list []string) {
	for _, t := range fake.Catalogue {
		list = append(list, "fault "+string(t.Fault))
	}
	for line := range strings.Lines(strings.TrimSpace(wanted)) {
		for _, what := range strings.Split(line, "|") {
			list = append(list, strings.TrimSpace(what))
		}
	}
	slices.Sort(list)
	return list
}
