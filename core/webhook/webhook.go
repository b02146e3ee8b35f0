package webhook

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/ident"
)

// Mode is how a message is put.
type Mode string

const (
	Plain         Mode = "plain"
	Encrypted     Mode = "encrypted"      // upper-case hex as text/plain
	EncryptedJSON Mode = "encrypted_json" // {"encryptedBody": "<hex>"}
)

// Kind is where an endpoint comes from.
type Kind string

const (
	// Subscribed endpoints are set up by hand.
	Subscribed Kind = "subscribed"
	// Implicit endpoints stand for the servers that single payments name
	// (notificationUrl): one per merchant and origin, so that a server's health
	// and share are its own however many URLs it has. Each delivery carries its
	// own URL. They are signed with the merchant's default secret.
	Implicit Kind = "implicit"
	// Default is the holder of a merchant's default secret. Nothing is sent to it.
	Default Kind = "default"
)

// State of an endpoint.
type State string

const (
	Active   State = "active"
	Disabled State = "disabled"
)

// Endpoint is a server that hears of events.
type Endpoint struct {
	ID           ident.ID
	Version      int64
	Kind         Kind
	Merchant     ident.ID // "" for all merchants of the realm, or of Marketplace
	Marketplace  ident.ID // "" for none in particular
	URL          string   // of an implicit endpoint its origin
	Contract     string   // whose words messages use: gateway
	Mode         Mode
	Filter       []string // event types or their first words; none means all
	Topics       []string // what it wants to hear of in the words of its contract, whose Manner looks at them
	Description  string   // the owner's own
	Metadata     string   // a JSON object of the owner's own, kept as it came
	Ordered      bool     // events of one object one after the other
	State        State
	Reason       string // why it is disabled
	FailingSince time.Time
	CreatedAt    time.Time
	Events       int64 // number of the last event about the endpoint itself

	sealed     []byte
	keyVersion int64
}

// wants says whether the endpoint hears of an event of that type and merchant.
// market tells the merchant's marketplace; it is asked when that matters.
func (e Endpoint) wants(typ string, merchant ident.ID, market func() (ident.ID, error)) (bool, error) {
	if e.Kind != Subscribed || e.State != Active || e.Merchant != "" && e.Merchant != merchant || !e.chose(typ) {
		return false, nil
	}
	if e.Marketplace == "" || e.Merchant != "" {
		return true, nil
	}
	of, err := market()
	return of == e.Marketplace, err
}

// chose says whether the endpoint's filter lets an event of that type through.
func (e Endpoint) chose(typ string) bool {
	if len(e.Filter) == 0 {
		return true
	}
	for _, f := range e.Filter {
		if rest, ok := strings.CutPrefix(typ, f); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

// DeliveryState of a delivery:
//
//	waiting ──2xx──> sent
//	   ├──time is up, 410, endpoint failed for good──> dead
//	   └──endpoint disabled by hand──> skipped
//
// Replay brings each of the last three back to waiting.
type DeliveryState string

const (
	Waiting DeliveryState = "waiting"
	Sent    DeliveryState = "sent"
	Dead    DeliveryState = "dead"
	Skipped DeliveryState = "skipped"
)

// Delivery is one message owed to one endpoint.
type Delivery struct {
	Realm     ident.ID
	ID        ident.ID
	Version   int64
	Endpoint  ident.ID
	Event     ident.ID // the id that the receiver sees, equal over all tries
	EventType string
	Object    ident.ID
	Seq       int64 // the event's number within its object
	URL       string
	Message   Message
	State     DeliveryState
	Ordered   bool
	Tries     int64 // since it was written or last replayed
	DueAt     time.Time
	Since     time.Time // when it was written or last replayed
	Status    int       // of the last answer, 0 without one
	Error     string    // of the last try
	Fence     int64     // counts leases; the one who holds an old one may not write
	CreatedAt time.Time
	Events    int64 // number of the last event about the delivery itself

	leasedUntil time.Time
}

// Message is what a surface says about an event, in a contract's words.
type Message struct {
	Body        []byte
	ContentType string
	Type        string // for the envelope of encrypted endpoints: PAYMENT ...
	Action      string // CREATED, UPDATED, DELETED
	Headers     map[string]string
}

// Try is one line of a delivery's log, of which the last ten are kept.
type Try struct {
	N      int64
	At     time.Time
	Status int
	Error  string
	Took   time.Duration
}

// Target is a server that a single payment names.
type Target struct {
	URL      string // "" for none
	Contract string
	Unlisted string // the server that is named but must not be called, "" for none: it is counted for the operator
}

// How much of our attention one endpoint gets.
const (
	inFlight        = 4 // deliveries at the same time
	inFlightFailing = 1 // while it fails
	lease           = 2 * time.Minute
	triesKept       = 10
)
