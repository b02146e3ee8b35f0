package april

import (
	"encoding/base64"
	"encoding/hex"

	"github.com/florinpay/florin/core/ident"
)

// idKind is what an id names on the wire: the text before its underscore
// (sheet, 1.5).
type idKind string

const (
	customerID    idKind = "cust"
	delegateID    idKind = "custd"
	merchantID    idKind = "mcht"
	marketplaceID idKind = "mktp"
	accountID     idKind = "xacc"
	keyID         idKind = "stkn"
	sourceID      idKind = "psrc"
	tokenID       idKind = "ptkn"
	blockedID     idKind = "bcrd"
	transactionID idKind = "tran"
	orderID       idKind = "ordr"
	refundID      idKind = "rfnd"
	disputeID     idKind = "dispute"
	webhookID     idKind = "webhook"
)

// idLength is that of twelve bytes in base64url.
const idLength = 16

// wire writes a core id as the contract shows it: "" for none.
func (k idKind) wire(id ident.ID) string {
	if id == "" {
		return ""
	}
	return string(k) + "_" + base64.RawURLEncoding.EncodeToString(id.Bytes())
}

// parse reads an id of the wire; false for everything that is not one of ours,
// which a caller treats as an object that is missing.
func (k idKind) parse(s string) (ident.ID, bool) {
	prefix := string(k) + "_"
	if len(s) != len(prefix)+idLength || s[:len(prefix)] != prefix {
		return "", false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s[len(prefix):])
	id := ident.ID(hex.EncodeToString(raw))
	return id, err == nil && k.wire(id) == s // the decoder passes line ends over
}

// parseAll reads ids of a filter. Those that cannot exist name nothing; when
// there is nothing else, the filter asks for an id that nobody has.
func (k idKind) parseAll(list []string) (ids []ident.ID) {
	for _, s := range list {
		if id, ok := k.parse(s); ok {
			ids = append(ids, id)
		}
	}
	if len(list) > 0 && len(ids) == 0 {
		ids = []ident.ID{nobody}
	}
	return ids
}

// nobody is an id that is never made: it is dated 1970.
const nobody ident.ID = "000000000000000000000000"

// CustomerName is the contract's name of a customer, for those who hand out
// credentials; so are the next two.
func CustomerName(id ident.ID) string { return customerID.wire(id) }

// MerchantName is the contract's name of a merchant.
func MerchantName(id ident.ID) string { return merchantID.wire(id) }

// MarketplaceName is the contract's name of a marketplace.
func MarketplaceName(id ident.ID) string { return marketplaceID.wire(id) }
