package fake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Fault is something that goes wrong on demand. A duration may follow after a
// colon, in seconds: slow_answer:30.
type Fault string

// The faults. Catalogue says what each does.
const (
	LostRequest         Fault = "lost_request"
	LostAnswer          Fault = "lost_answer"
	SlowAnswer          Fault = "slow_answer"
	DuplicateRequest    Fault = "duplicate_request"
	TruncatedAnswer     Fault = "truncated_answer"
	GarbageAnswer       Fault = "garbage_answer"
	WrongAmount         Fault = "wrong_amount"
	WrongCurrency       Fault = "wrong_currency"
	OtherAmount         Fault = "other_amount"
	ProviderDown        Fault = "provider_down"
	TooManyRequests     Fault = "too_many_requests"
	ErrorBefore         Fault = "error_before"
	ErrorAfter          Fault = "error_after"
	LookupDown          Fault = "lookup_down"
	PartialCapture      Fault = "partial_capture"
	RefundFailsLater    Fault = "refund_fails_later"
	RefundFailsAtLast   Fault = "refund_fails_at_last"
	ChargebackLater     Fault = "chargeback_later"
	LateSuccess         Fault = "late_success"
	CallbackDuplicate   Fault = "callback_duplicate"
	CallbackLate        Fault = "callback_late"
	CallbackReordered   Fault = "callback_reordered"
	CallbackForged      Fault = "callback_forged"
	CallbackReplayed    Fault = "callback_replayed"
	CallbackWrongAmount Fault = "callback_wrong_amount"
	CallbackOtherOwner  Fault = "callback_other_account"
	CallbackLost        Fault = "callback_lost"
	CallbackEarly       Fault = "callback_early"
	DishonourLater      Fault = "dishonour_later"
)

// Trouble is one entry of the catalogue of faults.
type Trouble struct {
	Fault   Fault
	Code    int              // of the test card that brings it, see Number
	On      []connector.Kind // the operations it strikes
	Seconds int              // how long what it delays takes, unless the wish says otherwise
	Does    string           // what happens at the provider
	Answer  string           // what the caller hears
	After   string           // what Lookup and callbacks say afterwards
}

var (
	moving = []connector.Kind{connector.Authorise, connector.Debit, connector.Credit, connector.Capture, connector.Refund, connector.Void}
	every  = []connector.Kind{connector.Authorise, connector.Debit, connector.Verify, connector.Credit, connector.Authenticate, connector.Capture, connector.Refund, connector.Void}
)

// Catalogue lists every fault that can be asked for. docs/sandbox.md is made
// from it.
var Catalogue = []Trouble{
	{LostRequest, 1, every, 0, "nothing: the request never arrives", "no answer: unknown", "Lookup: not found"},
	{LostAnswer, 2, every, 0, "the operation takes place", "no answer: unknown", "Lookup: the truth"},
	{SlowAnswer, 3, every, 5, "the operation takes place", "the right answer after 5 seconds; unknown if the caller does not wait that long", "Lookup: the truth"},
	{DuplicateRequest, 4, every, 0, "the request arrives twice; the books take it in once", "the right answer", "Lookup: the truth"},
	{TruncatedAnswer, 5, every, 0, "the operation takes place", "half an answer: unknown", "Lookup: the truth"},
	{GarbageAnswer, 6, every, 0, "the operation takes place", "no sense at all: unknown", "Lookup: the truth"},
	{WrongAmount, 7, moving, 0, "the operation takes place", "an answer that names one minor unit more", "Lookup: the truth"},
	{WrongCurrency, 8, moving, 0, "the operation takes place", "an answer that names another currency", "Lookup: the truth"},
	{OtherAmount, 9, moving, 0, "the operation takes place with one minor unit less", "an answer that says so", "Lookup says so again: a human has to look"},
	{ProviderDown, 10, every, 0, "nothing: no connection is made", "refused, `unavailable.provider`: nothing was sent", "Lookup: not found"},
	{TooManyRequests, 11, every, 0, "nothing: the request is turned away", "refused, `unavailable.provider.busy`, with `retry_after_seconds` in the details", "Lookup: not found"},
	{ErrorBefore, 12, every, 0, "nothing: the provider breaks first", "a server error: unknown", "Lookup: not found"},
	{ErrorAfter, 13, every, 0, "the operation takes place, then the provider breaks", "a server error: unknown", "Lookup: the truth"},
	{LookupDown, 14, every, 60, "the operation takes place", "no answer: unknown", "Lookup: unknown for 60 seconds, then the truth"},
	{PartialCapture, 15, []connector.Kind{connector.Capture, connector.Debit}, 0, "half of the amount is captured", "an answer that names the half", "Lookup says so again: a human has to look"},
	{RefundFailsLater, 16, []connector.Kind{connector.Refund, connector.Credit}, 86400, "the refund or credit comes back from the bank after a day", "approved", "a day later, Lookup and a callback: refused, `declined.closed_account`"},
	{RefundFailsAtLast, 17, []connector.Kind{connector.Refund}, 86400, "the bank decides on the refund after a day, against it", "pending", "a day later, Lookup and a callback: refused, `declined.closed_account`"},
	{ChargebackLater, 18, []connector.Kind{connector.Debit, connector.Capture}, 3600, "the payer's bank takes all that is captured back after an hour", "approved", "an hour later a callback of kind chargeback; Lookup: still approved"},
	{LateSuccess, 19, []connector.Kind{connector.Authorise, connector.Debit, connector.Credit}, 60, "refused at first; it goes through after all a minute later", "refused, `declined.timed_out`", "Lookup: refused; a minute later a callback and Lookup: approved"},
	{CallbackDuplicate, 20, every, 0, "the operation takes place", "the right answer", "the callback comes three times, with one id"},
	{CallbackLate, 21, every, 86400, "the operation takes place", "the right answer", "the callback comes a day late, with a fresh signature"},
	{CallbackReordered, 22, every, 1, "the operation takes place", "the right answer", "the final callback comes first, the one that says pending a second later"},
	{CallbackForged, 23, every, 0, "the operation takes place", "the right answer", "a callback with a signature of another key says approved, for ten times the amount; then the true one comes"},
	{CallbackReplayed, 24, every, 0, "the operation takes place", "the right answer", "the callback's signature is an hour old: it has to be refused"},
	{CallbackWrongAmount, 25, moving, 0, "the operation takes place", "the right answer", "an authentic callback names one minor unit more"},
	{CallbackOtherOwner, 26, every, 0, "the operation takes place", "the right answer", "an authentic callback names another merchant's account"},
	{CallbackLost, 27, every, 0, "the operation takes place", "the right answer", "no callback; Lookup: the truth"},
	{CallbackEarly, 28, every, 1, "the operation takes place", "the right answer, a second after the callback", "the callback comes before the answer"},
}

// Dishonours are the faults of direct debits alone. No card brings them.
var Dishonours = []Trouble{
	{DishonourLater, 0, []connector.Kind{connector.Debit}, 3 * 86400, "the payer's bank takes the direct debit back three days after it has cleared", "pending", "Lookup and a callback: approved when it has cleared; three days later refused, `declined.insufficient_funds.account`"},
}

// Number is the test card that brings the fault, Luhn-valid.
func (t Trouble) Number() string { return special(1, t.Code) }

// special makes a card number of this provider's own range of test cards.
func special(sort, code int) string {
	return withCheckDigit(fmt.Sprintf("420000%02d%02d00000", sort, code))
}

// trouble finds a fault in the catalogue.
func (f Fault) trouble() (Trouble, bool) {
	name, _, _ := strings.Cut(string(f), ":")
	list := Catalogue
	if name == string(DishonourLater) {
		list = Dishonours
	}
	i := slices.IndexFunc(list, func(t Trouble) bool { return string(t.Fault) == name })
	if i < 0 {
		return Trouble{}, false
	}
	t := list[i]
	if _, seconds, ok := strings.Cut(string(f), ":"); ok {
		n, err := strconv.Atoi(seconds)
		if err != nil || n < 0 || n > 366*86400 {
			return Trouble{}, false
		}
		t.Seconds = n
	}
	return t, true
}

func (t Trouble) strikes(kind connector.Kind) bool { return slices.Contains(t.On, kind) }

// later says whether the fault waits for an operation on what kind started.
func (t Trouble) later(kind connector.Kind) bool { return t.Fault != "" && !t.strikes(kind) }

func (t Trouble) wait() time.Duration { return time.Duration(t.Seconds) * time.Second }

func (t Trouble) ms() int64 { return int64(t.Seconds) * 1000 }

// name writes the fault with its seconds, so that it reads back alike.
func (t Trouble) name() Fault {
	if t.Fault == "" {
		return ""
	}
	return Fault(fmt.Sprintf("%s:%d", t.Fault, t.Seconds))
}

// Op is what a script hears about an operation.
type Op struct {
	Attempt ident.ID
	Account string
	Kind    connector.Kind
	Amount  money.Amount
	At      time.Time
}
