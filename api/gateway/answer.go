package gateway

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/florinpay/florin/connector"
)

// answer is every JSON answer of the contract, its fields in the order in
// which they are recorded (sheet, section 8); what is empty is left out.
type answer struct {
	ID                    string               `json:"id,omitempty"`
	CheckoutID            string               `json:"checkoutId,omitempty"` // the merchant's own, of a checkout
	ReferencedID          string               `json:"referencedId,omitempty"`
	RegistrationID        string               `json:"registrationId,omitempty"`
	PaymentType           string               `json:"paymentType,omitempty"`
	PaymentBrand          string               `json:"paymentBrand,omitempty"`
	Amount                string               `json:"amount,omitempty"`
	Currency              string               `json:"currency,omitempty"`
	Descriptor            string               `json:"descriptor,omitempty"`
	MerchantTransactionID string               `json:"merchantTransactionId,omitempty"`
	Result                result               `json:"result"`
	ResultDetails         *details             `json:"resultDetails,omitempty"`
	Card                  *card                `json:"card,omitempty"`
	Customer              *node                `json:"customer,omitempty"`
	Billing               *node                `json:"billing,omitempty"`
	Shipping              *node                `json:"shipping,omitempty"`
	Cart                  *node                `json:"cart,omitempty"`
	CustomParameters      *node                `json:"customParameters,omitempty"`
	ThreeDSecure          *threeDSecure        `json:"threeDSecure,omitempty"`
	Redirect              *redirect            `json:"redirect,omitempty"`
	Risk                  *risk                `json:"risk,omitempty"`
	StandingInstruction   *standingInstruction `json:"standingInstruction,omitempty"`
	RelatedTransactions   []related            `json:"relatedTransactions,omitempty"`
	Payments              *[]answer            `json:"payments,omitempty"`
	Integrity             string               `json:"integrity,omitempty"`
	BuildNumber           string               `json:"buildNumber,omitempty"`
	Timestamp             string               `json:"timestamp"`
	NDC                   string               `json:"ndc,omitempty"`
}

type result struct {
	Code            string           `json:"code"`
	Description     string           `json:"description"`
	ParameterErrors []ParameterError `json:"parameterErrors,omitempty"`
}

type details struct {
	ConnectorTxID1        string `json:"ConnectorTxID1,omitempty"`
	AcquirerResponse      string `json:"AcquirerResponse,omitempty"`
	AuthCode              string `json:"AuthCode,omitempty"`
	ExtendedDescription   string `json:"ExtendedDescription,omitempty"`
	ClearingInstituteName string `json:"clearingInstituteName,omitempty"`
	InitialTransactionID  string `json:"CardholderInitiatedTransactionID,omitempty"`
}

type card struct {
	BIN         string `json:"bin,omitempty"`
	Last4Digits string `json:"last4Digits,omitempty"`
	Holder      string `json:"holder,omitempty"`
	ExpiryMonth string `json:"expiryMonth,omitempty"`
	ExpiryYear  string `json:"expiryYear,omitempty"`
}

type threeDSecure struct {
	ECI                  string `json:"eci,omitempty"`
	Version              string `json:"version,omitempty"`
	DSTransactionID      string `json:"dsTransactionId,omitempty"`
	ACSTransactionID     string `json:"acsTransactionId,omitempty"`
	VerificationID       string `json:"verificationId,omitempty"`
	AuthenticationStatus string `json:"authenticationStatus,omitempty"`
}

type redirect struct {
	URL           string                `json:"url"`
	Method        string                `json:"method"`
	Parameters    []connector.Parameter `json:"parameters"`
	Preconditions []struct{}            `json:"preconditions,omitempty"`
}

type risk struct {
	Score  string `json:"score"`
	Status string `json:"status,omitempty"`
}

type standingInstruction struct {
	Source               string `json:"source,omitempty"`
	Mode                 string `json:"mode,omitempty"`
	Type                 string `json:"type,omitempty"`
	InitialTransactionID string `json:"initialTransactionId,omitempty"`
}

type related struct {
	ID          string `json:"id"`
	PaymentType string `json:"paymentType"`
	Amount      string `json:"amount,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Result      result `json:"result"`
	Timestamp   string `json:"timestamp"`
}

// node is a JSON object that is built from flat names, its members in the
// order in which they came: customer.givenName=Nora becomes
// {"givenName":"Nora"}. A member whose names are all numbers is a list.
type node struct {
	names  []string
	leaves map[string]string
	nodes  map[string]*node
}

// nest gathers the parameters of a group into one object, nil when none came.
func nest(flat []connector.Parameter, group string) *node {
	var root *node
	for _, p := range flat {
		rest, ok := strings.CutPrefix(p.Name, group)
		if !ok || rest == "" || rest[0] != '.' && rest[0] != '[' {
			continue
		}
		if root == nil {
			root = &node{}
		}
		root.put(steps(rest), p.Value)
	}
	return root
}

// steps takes a.b[0].c apart into a, b, 0, c. Inside brackets a dot is a dot.
func steps(path string) []string {
	var out []string
	for path != "" {
		switch path[0] {
		case '.':
			path = path[1:]
		case '[':
			inside, rest, _ := strings.Cut(path[1:], "]")
			out, path = append(out, inside), rest
		default:
			n := strings.IndexAny(path, ".[")
			if n < 0 {
				n = len(path)
			}
			out, path = append(out, path[:n]), path[n:]
		}
	}
	return out
}

func (n *node) put(path []string, value string) {
	if len(path) == 0 {
		return
	}
	name := path[0]
	if n.leaves == nil {
		n.leaves, n.nodes = map[string]string{}, map[string]*node{}
	}
	_, leaf := n.leaves[name]
	child := n.nodes[name]
	if !leaf && child == nil {
		n.names = append(n.names, name)
	}
	switch {
	case len(path) == 1 && child == nil:
		n.leaves[name] = value
	case len(path) > 1 && !leaf:
		if child == nil {
			child = &node{}
			n.nodes[name] = child
		}
		child.put(path[1:], value)
	}
}

// MarshalJSON writes the object, or the list when every name is a number.
func (n *node) MarshalJSON() ([]byte, error) {
	list := n.isList()
	var b bytes.Buffer
	b.WriteByte("{["[btoi(list)])
	for i, name := range n.names {
		if i > 0 {
			b.WriteByte(',')
		}
		if !list {
			b.Write(quote(name))
			b.WriteByte(':')
		}
		if child := n.nodes[name]; child != nil {
			raw, err := child.MarshalJSON()
			if err != nil {
				return nil, err
			}
			b.Write(raw)
			continue
		}
		b.Write(quote(n.leaves[name]))
	}
	b.WriteByte("}]"[btoi(list)])
	return b.Bytes(), nil
}

func (n *node) isList() bool {
	for _, name := range n.names {
		if _, err := strconv.Atoi(name); err != nil {
			return false
		}
	}
	return len(n.names) > 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func quote(s string) []byte {
	raw, _ := json.Marshal(s) // a string always encodes
	return raw
}
