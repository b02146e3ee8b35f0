package wallet

import (
	"strings"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Card is what a packet holds.
type Card struct {
	Packet      string        // the packet's id, by which it is spent once
	Number      method.Secret // of the card, or the one that stands for it on the payer's device
	OnDevice    bool          // Number stands for the card on one device and needs the cryptogram
	ExpiryMonth int           // 1 to 12
	ExpiryYear  int           // four digits
	Holder      string        // or ""
	Cryptogram  method.Secret // base64, empty for a card that is not OnDevice
	ECI         string        // the scheme's word on the authentication, or ""
	Amount      int64         // minor units that the payer has agreed to, 0 when the packet does not say
	Currency    string        // of Amount: three digits of ISO 4217
	ExpiresAt   time.Time     // when the packet is no longer taken
}

// Agrees says whether an amount is the one that the payer has agreed to; a
// packet that names none agrees to all. Faults: invalid.wallet_packet.amount.
func (c Card) Agrees(a money.Amount) error {
	if c.Currency == "" && c.Amount == 0 {
		return nil
	}
	if c.Amount != a.Minor || numbers[a.Currency] != c.Currency || c.Currency == "" {
		return fault.At("invalid.wallet_packet.amount", "amount", "the payer has agreed to another amount in the wallet")
	}
	return nil
}

// numbers are the three digits of currencies that wallets pay in.
var numbers = func() map[money.Currency]string {
	all := map[money.Currency]string{}
	for pair := range strings.FieldsSeq(`AED784 ARS032 AUD036 BHD048 BRL986 CAD124 CHF756 CLP152 CNY156 COP170 CZK203 DKK208 EGP818 EUR978 GBP826
		HKD344 HUF348 IDR360 ILS376 INR356 ISK352 JOD400 JPY392 KRW410 KWD414 MXN484 MYR458 NOK578 NZD554 OMR512 PEN604 PHP608 PLN985 QAR634
		RON946 SAR682 SEK752 SGD702 THB764 TRY949 TWD901 UAH980 USD840 VND704 ZAR710`) {
		all[money.Currency(pair[:3])] = pair[3:]
	}
	return all
}()

// sound says whether a card is one that can be charged. Nothing of it is in
// the fault.
func (c Card) sound() error {
	switch {
	case !method.Luhn(c.Number.Reveal()):
		return unreadable("number")
	case c.ExpiryMonth < 1 || c.ExpiryMonth > 12 || c.ExpiryYear < 2000 || c.ExpiryYear > 2199:
		return unreadable("expiry")
	case c.OnDevice && c.Cryptogram.Empty():
		return unreadable("cryptogram")
	case c.Amount < 0 || c.Amount > money.Max:
		return unreadable("amount")
	}
	return nil
}

// The faults of a packet. Their messages say which check it failed, and never
// quote it: decoders' errors can hold what they decode, so none is wrapped.

func malformed(param string) error {
	return fault.At("invalid.wallet_packet", param, "this is no packet of the wallet")
}

func unsupported() error {
	return fault.At("invalid.wallet_packet.version", "version", "packets of this version are not taken")
}

func foreignKey() error {
	return fault.At("invalid.wallet_packet.key", "key", "the packet is sealed for somebody else")
}

func unsigned(why string) error {
	return fault.At("invalid.wallet_packet.signature", "signature", "the packet is not signed by the wallet: %s", why)
}

func sealed() error {
	return fault.At("invalid.wallet_packet.sealed", "data", "the packet does not open")
}

func unreadable(param string) error {
	return fault.At("invalid.wallet_packet.content", param, "the packet holds no card that can be charged")
}

func expired() error {
	return fault.At("invalid.wallet_packet.expired", "time", "the packet's time is up")
}
