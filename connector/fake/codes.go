package fake

import "github.com/florinpay/florin/core/fault"

// The words of the core in which this provider says no.
const (
	invalidCard       = fault.DeclinedInvalidCard
	expiredCard       = fault.DeclinedExpiredCard
	invalidCVV        = fault.DeclinedInvalidCVV
	invalidExpiry     = fault.DeclinedInvalidExpiry
	insufficientFunds = fault.DeclinedInsufficientFunds
	stolenCard        = fault.DeclinedStolenCard
	doNotHonour       = fault.DeclinedDoNotHonour
	softDecline       = fault.DeclinedNeedAuthentication
	authFailed        = fault.DeclinedAuthenticationFailed
	authTechnical     = fault.DeclinedAuthenticationTechnical
	authRejected      = fault.DeclinedAuthenticationRejected
	authError         = fault.DeclinedChallengeTechnical
	challengeLeft     = fault.DeclinedChallengeCancelled
	walletLeft        = fault.DeclinedCancelled
	withdrawn         = fault.DeclinedCancelledByMerchant
	noCover           = fault.DeclinedInsufficientAccount
	invalidAccount    = fault.DeclinedInvalidAccount
	timedOut          = fault.DeclinedTimedOut
	refundReturned    = fault.DeclinedClosedAccount
	badAmount         = fault.DeclinedInvalidAmount
	exceeds           = fault.DeclinedInvalidAmount + ".exceeds"
	badCurrency       = fault.DeclinedUnsupportedCurrency
	noOriginal        = fault.DeclinedInvalidTransaction + ".no_original"
	wrongState        = fault.DeclinedInvalidTransaction + ".state"
	holdOver          = fault.DeclinedInvalidTransaction + ".expired"
	noProvider        = fault.UnavailableProvider
	tooBusy           = fault.UnavailableBusy
	noOperation       = fault.UnavailableOperation
)
