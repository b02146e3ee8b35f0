package vault

import (
	"context"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/store"
)

// SpendPacket notes that a wallet's packet pays for an object, in the
// transaction of that. Of two who spend one packet at the same time, one wins;
// the same object may do so again. Faults: conflict.wallet_packet (it has paid
// for something else before).
func SpendPacket(tx *store.Tx, c wallet.Card, object ident.ID) error {
	if c.Packet == "" || object == "" {
		return fault.New(fault.Internal, "a packet that was opened is spent on something")
	}
	taken, err := usePacket(tx, c.Packet, object, c.ExpiresAt)
	if err == nil && taken {
		err = fault.At("conflict.wallet_packet", "packet", "this wallet payment was used before; the payer has to approve another one")
	}
	return err
}

// SweepPackets forgets up to limit packets whose time was up a day ago: they
// are refused for that. It says how many it did.
func (s *Service) SweepPackets(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		n, err := forgetPackets(tx, tx.Now().Add(-24*time.Hour), limit)
		done = int(n)
		return err
	})
	return done, err
}
