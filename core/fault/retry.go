package fault

// final are the refusals after which the same charge is worth no other try.
var final = []string{
	DeclinedInvalidCard, DeclinedExpiredCard, DeclinedStolenCard, DeclinedLostCard, DeclinedRetainCard, DeclinedFraudSuspected, DeclinedBlockedCard,
	DeclinedUnsupportedCard, DeclinedUnsupportedBrand, DeclinedUnsupportedCurrency, DeclinedInvalidAccount, DeclinedClosedAccount, DeclinedBlockedAccount,
	DeclinedMandateExpired, DeclinedMandateCancelled, DeclinedDirectDebit, DeclinedRevoked, DeclinedSeriesStopped, DeclinedRetryAfterUpdate,
	DeclinedRetryNever, DeclinedBlocklist,
}

// Soft says whether a charge that was refused with a code, and that the payer does
// not have to be there for, may be tried again as it is: the account was empty, the
// bank was closed. After a hard refusal only the payer can help.
func Soft(code string) bool {
	for _, f := range final {
		if Under(code, f) {
			return false
		}
	}
	return Under(code, "declined") || Under(code, Unavailable)
}
