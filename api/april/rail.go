package april

import "github.com/florinpay/florin/core/payment"

// showBank says what was paid with where it is no card: of a bank transfer where
// it goes, and who has sent how much, which may be more than was asked for; of a
// direct debit the account.
func showBank(p payment.Payment, came []payment.Arrival) map[string]any {
	out := map[string]any{"paymentMethodType": methodWord(p.Method)}
	if payee := p.Details.Payee; payee != nil {
		out["reference"], out["bankTransferDetails"] = payee.Reference, transferDetails{payee.Reference, payee.Number, payee.BankCode, payee.Alias}
	}
	if p.Details.Received > 0 {
		out["receivedAmount"] = p.Details.Received
	}
	if len(came) > 0 && came[0].Payer != "" {
		out["payerName"] = came[0].Payer
	}
	if bank := p.Details.Bank; bank != nil {
		out["accountName"], out["bsb"], out["last4"] = bank.Holder, bank.BankCode, bank.Last4
	}
	return out
}
