package april

import (
	"encoding/json"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/store"
)

// Wallets open the packets of one environment. Google Pay packets are made for
// a merchant by its id in this contract (gatewayMerchantId).
type Wallets struct {
	Apple  wallet.Apple
	Google wallet.Google
}

// openApple reads an EncryptedApplePay (sheet, 3.1) and opens it.
func (s *Surface) openApple(c *call, in object) (wallet.Card, error) {
	if kind, sent := in.object("paymentMethod"); sent {
		kind.word("type", "debit", "credit", "prepaid", "store")
		kind.text("network")
		kind.text("displayName")
	}
	data := in.needObject("paymentData")
	if err := in.err(); err != nil {
		return wallet.Card{}, err
	}
	return openPacket(s, c, data, wallet.ParseApplePacket, func(w Wallets, p wallet.ApplePacket, at time.Time) (wallet.Card, error) { return w.Apple.Open(p, at) })
}

// openGoogle opens a packet as Google delivers it.
func (s *Surface) openGoogle(c *call, in object) (wallet.Card, error) {
	if err := in.err(); err != nil {
		return wallet.Card{}, err
	}
	return openPacket(s, c, in, wallet.ParseGooglePacket, func(w Wallets, p wallet.GooglePacket, at time.Time) (wallet.Card, error) {
		return w.Google.Open(p, merchantID.wire(c.acts.ID), at)
	})
}

// openPacket writes the packet's members out again, for who reads it, and opens
// it at the realm's time with the environment's keys.
func openPacket[P any](s *Surface, c *call, in object, parse func([]byte) (P, error), open func(Wallets, P, time.Time) (wallet.Card, error)) (wallet.Card, error) {
	text, err := json.Marshal(in.members)
	if err != nil {
		return wallet.Card{}, fault.New("invalid.wallet_packet", "this is no packet of the wallet")
	}
	packet, err := parse(text)
	if err != nil {
		return wallet.Card{}, err
	}
	at, err := s.now(c)
	if err != nil {
		return wallet.Card{}, err
	}
	return open(s.Wallets[c.actor.Environment], packet, at)
}

// now is the realm's time.
func (s *Surface) now(c *call) (at time.Time, err error) {
	err = s.DB.View(c.r.Context(), c.actor.Realm, func(tx *store.Tx) error {
		at = tx.Now()
		return nil
	})
	return at, err
}
