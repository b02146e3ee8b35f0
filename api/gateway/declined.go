package gateway

import (
	"strings"

	"github.com/florinpay/florin/core/fault"
)

// refusals pair the core's words for a refusal with result codes. Where
// several words have one code, the first of them is what the code means.
var refusals = []struct{ core, code string }{
	{fault.DeclinedIssuer, "800.100.100"},
	{fault.Declined, "800.100.100"},
	{fault.DeclinedDoNotHonour, "800.100.152"},
	{fault.DeclinedReferToIssuer, "800.100.200"},
	{fault.DeclinedInvalidCard, "800.100.151"},
	{fault.DeclinedInvalidCVV, "800.100.153"},
	{fault.DeclinedInvalidCVVHeld, "800.100.192"},
	{fault.DeclinedInvalidExpiry, "800.100.157"},
	{fault.DeclinedExpiredCard, "100.100.303"},
	{fault.DeclinedInvalidHolder, "800.100.198"},
	{fault.DeclinedInvalidPIN, "800.100.166"},
	{fault.DeclinedPINTries, "800.100.178"},
	{fault.DeclinedTooManyAttempts, "800.100.161"},
	{fault.DeclinedStolenCard, "800.100.159"},
	{fault.DeclinedLostCard, "800.100.165"},
	{fault.DeclinedBlockedCard, "800.100.160"},
	{fault.DeclinedRestrictedCard, "800.100.168"},
	{fault.DeclinedRetainCard, "800.100.171"},
	{fault.DeclinedFraudSuspected, "800.100.158"},
	{fault.DeclinedInsufficientFunds, "800.100.155"},
	{fault.DeclinedInsufficientAccount, "800.100.203"},
	{fault.DeclinedLimitExceeded, "800.100.162"},
	{fault.DeclinedTooOften, "800.100.163"},
	{fault.DeclinedMerchantLimit, "800.100.164"},
	{fault.DeclinedNotPermitted, "800.100.170"},
	{fault.DeclinedUnsupportedCard, "800.100.169"},
	{fault.DeclinedUnsupportedBrand, "800.100.175"},
	{fault.DeclinedUnsupportedCurrency, "800.100.173"},
	{fault.DeclinedInvalidAmount, "800.100.174"},
	{fault.DeclinedInvalidTransaction, "800.100.154"},
	{fault.DeclinedFormat, "800.100.156"},
	{fault.DeclinedInvalidAccount, "800.100.201"},
	{fault.DeclinedClosedAccount, "800.100.202"},
	{fault.DeclinedBlockedAccount, "800.100.172"},
	{fault.DeclinedBusyAccount, "800.100.176"},

	{fault.DeclinedMandateExpired, "800.100.204"},
	{fault.DeclinedMandateCancelled, "800.100.205"},
	{fault.DeclinedDirectDebit, "800.100.208"},
	{fault.DeclinedRevoked, "800.100.403"},
	{fault.DeclinedSeriesStopped, "800.100.500"},
	{fault.DeclinedSeriesStoppedAll, "800.100.501"},
	{fault.DeclinedRetryIn24Hours, "700.600.025"},
	{fault.DeclinedRetryIn72Hours, "700.600.002"},
	{fault.DeclinedRetryAfterUpdate, "700.601.001"},
	{fault.DeclinedRetryNever, "700.601.003"},
	{fault.DeclinedNeedAuthentication, "300.100.100"},

	{fault.DeclinedAuthenticationFailed, "100.380.401"},
	{fault.DeclinedAuthenticationTechnical, "000.400.103"},
	{fault.DeclinedAuthenticationRejected, "100.390.114"},
	{fault.DeclinedAuthenticationUnavailable, "000.400.101"},
	{fault.DeclinedAuthenticationMismatch, "100.390.101"},
	{fault.DeclinedAuthenticationFraud, "100.390.118"},
	{fault.DeclinedNotEnrolled, "000.400.102"},
	{fault.DeclinedChallengeTechnical, "100.390.112"},
	{fault.DeclinedChallengeCancelled, "100.396.101"},
	{fault.DeclinedCancelled, "100.396.101"},
	{fault.DeclinedCancelledByMerchant, "100.396.201"},
	{fault.DeclinedNotConfirmed, "100.396.102"},
	{fault.DeclinedTermsRefused, "100.396.106"},
	{fault.DeclinedTimedOut, "100.396.103"},
	{fault.DeclinedLater, "100.397.102"},

	{fault.DeclinedRisk, "100.400.319"},
	{fault.DeclinedBlocklist, "800.300.101"},
	{fault.DeclinedBlockedCountry, "800.300.102"},
	{fault.DeclinedBlockedEmail, "800.300.200"},
	{fault.DeclinedBlockedIP, "800.300.301"},
	{fault.DeclinedBlockedBIN, "800.300.401"},
	{fault.DeclinedVelocity, "800.120.101"},
	{fault.DeclinedDuplicate, "800.110.100"},
	{fault.DeclinedAddress, "800.400.100"},
	{fault.DeclinedAddressStreet, "800.400.101"},
	{fault.DeclinedAddressPost, "800.400.104"},

	{fault.Unavailable, "800.800.800"}, // florin itself
	{fault.UnavailableProvider, "900.100.300"},
	{fault.UnavailableDown, "900.100.600"},
	{fault.UnavailableMaintenance, "800.800.400"},
	{fault.UnavailableBusy, "900.100.500"},
	{fault.UnavailableError, "900.100.200"},
	{fault.UnavailableReversed, "900.100.301"},
	{fault.UnavailableIssuer, "900.100.400"},
	{fault.UnavailableConnection, "900.100.100"},
	{fault.UnavailableOperation, "900.100.202"},
	{fault.UnavailableAccount, "500.100.301"},
	{fault.UnavailableWallet, "900.100.700"},
	{fault.UnavailableRisk, "900.400.100"},

	// What a card's own digits say, before anybody is asked (method.Typed.Check).
	{"invalid.card", "100.100.101"},
	{"invalid.card.brand", "100.100.700"},
	{"invalid.card.expired", "100.100.303"},
	{"invalid.card.cvv_missing", "100.100.600"},
	{"invalid.card.cvv", "100.100.601"},
}

var codeByCore, coreByCode = func() (map[string]string, map[string]string) {
	there, back := map[string]string{}, map[string]string{}
	for _, r := range refusals {
		there[r.core] = r.code
		if declined := fault.Under(r.core, fault.Declined) || fault.Under(r.core, fault.Unavailable); declined && back[r.code] == "" {
			back[r.code] = r.core
		}
	}
	return there, back
}()

// FromFault is the result code of a refusal: of a code under declined,
// unavailable or invalid.card, by the longest prefix that is known. "" for any
// other code.
func FromFault(code string) string {
	for code != "" {
		if found := codeByCore[code]; found != "" {
			return found
		}
		code = code[:max(strings.LastIndexByte(code, '.'), 0)]
	}
	return ""
}

// groupWords are what the codes of a group mean that have no word of their own.
var groupWords = map[string]string{
	"rejected_3ds_intercard":   fault.DeclinedAuthenticationTechnical,
	"rejected_communication":   fault.UnavailableProvider,
	"rejected_system":          fault.UnavailableError,
	"rejected_async":           fault.DeclinedLater,
	"rejected_external_risk":   fault.DeclinedRisk,
	"rejected_address_AVS":     fault.DeclinedAddress,
	"rejected_3ds":             fault.DeclinedAuthenticationFailed,
	"rejected_blacklist":       fault.DeclinedBlocklist,
	"rejected_risk_validation": fault.DeclinedVelocity,
	"rejected_configuration":   fault.UnavailableAccount,
	"rejected_registration":    fault.DeclinedInvalidAccount,
	"rejected_job":             fault.DeclinedInvalidTransaction,
	"rejected_reference":       fault.DeclinedInvalidTransaction,
	"mac_blocked":              fault.DeclinedRetryNever,
	"rejected_format":          fault.DeclinedFormat,
	"rejected_address_format":  fault.DeclinedFormat,
	"rejected_contact":         fault.DeclinedFormat,
	"rejected_account":         fault.DeclinedInvalidCard,
	"rejected_amount":          fault.DeclinedInvalidAmount,
	"rejected_risk_management": fault.DeclinedRisk,
}

// Forced is what the test provider has to do so that a payment ends with a
// code (sheet, section 18): approved, pending or review, or a core code to
// refuse with. A chargeback can only follow a payment that was approved.
func Forced(code string) string {
	class := Classify(code)
	switch class.Category {
	case Success, Chargeback:
		return "approved"
	case Review:
		return "review"
	case Pending:
		return "pending"
	}
	if core := coreByCode[code]; core != "" {
		return core
	}
	if core := groupWords[class.Group]; core != "" {
		return core
	}
	return fault.DeclinedIssuer
}
