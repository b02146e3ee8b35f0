package fault

// Why a payment was refused. Connectors translate their provider's codes into
// these words; surfaces translate them into their contract's. Where no word
// fits, the nearest more general one does: a surface looks for the longest
// prefix that it knows, so declined.insufficient_funds.account is understood
// wherever declined.insufficient_funds is.

// What the issuer, or the payer's bank, says of the card or account.
const (
	DeclinedIssuer              = "declined.issuer"                     // no reason given
	DeclinedDoNotHonour         = "declined.do_not_honour"              // a plain no of the authorisation system
	DeclinedReferToIssuer       = "declined.refer_to_issuer"            // the payer has to ask the bank
	DeclinedInvalidCard         = "declined.invalid_card"               // no such card
	DeclinedInvalidCVV          = "declined.invalid_cvv"                // the security code is wrong
	DeclinedInvalidCVVHeld      = "declined.invalid_cvv.held"           // it is wrong, and the amount stays reserved some days
	DeclinedInvalidExpiry       = "declined.invalid_expiry"             // the expiry date is not the card's
	DeclinedExpiredCard         = "declined.expired_card"               // the expiry date has passed
	DeclinedInvalidHolder       = "declined.invalid_holder"             // the holder's name is not the card's
	DeclinedInvalidPIN          = "declined.invalid_pin"                // the PIN is wrong
	DeclinedPINTries            = "declined.pin_tries"                  // the PIN was wrong too often
	DeclinedTooManyAttempts     = "declined.too_many_attempts"          // wrong details were tried too often
	DeclinedStolenCard          = "declined.stolen_card"                // reported stolen
	DeclinedLostCard            = "declined.lost_card"                  // reported lost
	DeclinedBlockedCard         = "declined.blocked_card"               // blocked by its issuer or holder
	DeclinedRestrictedCard      = "declined.restricted_card"            // not for this use: abroad, online, this trade
	DeclinedRetainCard          = "declined.retain_card"                // the terminal should keep it
	DeclinedFraudSuspected      = "declined.fraud_suspected"            // the issuer suspects manipulation
	DeclinedInsufficientFunds   = "declined.insufficient_funds"         // beyond the available credit
	DeclinedInsufficientAccount = "declined.insufficient_funds.account" // the bank account does not cover it
	DeclinedLimitExceeded       = "declined.limit_exceeded"             // beyond the card's limit
	DeclinedTooOften            = "declined.too_often"                  // too many payments in the card's period
	DeclinedMerchantLimit       = "declined.merchant_limit"             // beyond what the merchant may take
	DeclinedNotPermitted        = "declined.not_permitted"              // this kind of payment is not allowed for the card
	DeclinedUnsupportedCard     = "declined.unsupported_card"           // this type of card is not handled
	DeclinedUnsupportedBrand    = "declined.unsupported_brand"          // this brand is not handled
	DeclinedUnsupportedCurrency = "declined.unsupported_currency"       // this currency is not handled
	DeclinedInvalidAmount       = "declined.invalid_amount"             // the issuer does not take the amount
	DeclinedInvalidTransaction  = "declined.invalid_transaction"        // marked invalid
	DeclinedFormat              = "declined.format"                     // the issuer could not read the message
	DeclinedInvalidAccount      = "declined.invalid_account"            // no such bank account
	DeclinedClosedAccount       = "declined.closed_account"             // the account is closed
	DeclinedBlockedAccount      = "declined.blocked_account"            // the account is blocked
	DeclinedBusyAccount         = "declined.busy_account"               // the account is not to be had just now; worth another try
)

// What the issuer says of agreements to charge again, and of tries to come.
const (
	DeclinedMandateExpired     = "declined.mandate_expired"         // the mandate has run out
	DeclinedMandateCancelled   = "declined.mandate_cancelled"       // the mandate was withdrawn
	DeclinedDirectDebit        = "declined.direct_debit"            // the account takes no direct debits
	DeclinedRevoked            = "declined.revoked"                 // the payer has revoked the order
	DeclinedSeriesStopped      = "declined.series_stopped"          // the payer told the bank to stop this series
	DeclinedSeriesStoppedAll   = "declined.series_stopped.all"      // and every other series of the merchant
	DeclinedRetryIn24Hours     = "declined.retry_in_24_hours"       // the issuer forbids another try before
	DeclinedRetryIn72Hours     = "declined.retry_in_72_hours"       // the issuer forbids another try before
	DeclinedRetryAfterUpdate   = "declined.retry_after_update"      // only with fresh card details or an authentication
	DeclinedRetryNever         = "declined.retry_never"             // the issuer forbids every other try
	DeclinedNeedAuthentication = "declined.authentication_required" // soft decline: repeat with a challenge
)

// How the payer's authentication, or visit to another page, ended.
const (
	DeclinedAuthenticationFailed      = "declined.authentication_failed"      // the payer did not pass (3-D Secure N)
	DeclinedAuthenticationTechnical   = "declined.authentication_technical"   // it could not be carried out (3-D Secure U)
	DeclinedAuthenticationRejected    = "declined.authentication_rejected"    // the issuer refuses to authenticate (3-D Secure R)
	DeclinedAuthenticationUnavailable = "declined.authentication_unavailable" // the issuer offers none
	DeclinedAuthenticationMismatch    = "declined.authentication_mismatch"    // amount or currency differ from what was authenticated
	DeclinedAuthenticationFraud       = "declined.authentication_fraud"       // the issuer's risk check said fraud
	DeclinedNotEnrolled               = "declined.not_enrolled"               // the card takes no part in 3-D Secure
	DeclinedChallengeTechnical        = "declined.challenge_technical"        // the challenge broke down
	DeclinedChallengeCancelled        = "declined.challenge_cancelled"        // the payer left the challenge
	DeclinedCancelled                 = "declined.cancelled"                  // the payer cancelled at the wallet or bank
	DeclinedCancelledByMerchant       = "declined.cancelled_by_merchant"      // the merchant did
	DeclinedNotConfirmed              = "declined.not_confirmed"              // the payer did not confirm
	DeclinedTermsRefused              = "declined.terms_refused"              // the payer refused the method's terms
	DeclinedTimedOut                  = "declined.timed_out"                  // the payer did not come back, or pay, in time
	DeclinedLater                     = "declined.later"                      // the provider refused after having said pending
)

// What a risk check found.
const (
	DeclinedRisk           = "declined.risk"      // refused by a risk system
	DeclinedBlocklist      = "declined.blocklist" // the card, account or payer is on a block list
	DeclinedBlockedCountry = "declined.blocklist.country"
	DeclinedBlockedEmail   = "declined.blocklist.email"
	DeclinedBlockedIP      = "declined.blocklist.ip"
	DeclinedBlockedBIN     = "declined.blocklist.bin"
	DeclinedVelocity       = "declined.velocity"         // too many payments from this account, address or payer
	DeclinedDuplicate      = "declined.duplicate"        // the same payment was made just before
	DeclinedAddress        = "declined.address_mismatch" // the billing address is not the card's
	DeclinedAddressStreet  = "declined.address_mismatch.street"
	DeclinedAddressPost    = "declined.address_mismatch.postcode"
)

// The provider could not be asked, or could not answer. Nothing has happened
// with the money: whoever cannot be sure of that answers Unknown instead.
const (
	UnavailableProvider    = "unavailable.provider"             // the provider was not reached, or did not do it
	UnavailableDown        = "unavailable.provider.down"        // it is down
	UnavailableMaintenance = "unavailable.provider.maintenance" // it is under maintenance
	UnavailableBusy        = "unavailable.provider.busy"        // it asks to come back later
	UnavailableError       = "unavailable.provider.error"       // it answered with an error of its own
	UnavailableReversed    = "unavailable.provider.reversed"    // it timed out and took back what it had done
	UnavailableIssuer      = "unavailable.issuer"               // the issuer was not reached
	UnavailableConnection  = "unavailable.connection"           // the connection broke before anything was sent
	UnavailableOperation   = "unavailable.operation"            // the provider knows no such operation
	UnavailableAccount     = "unavailable.account"              // the merchant's account there is not in order
	UnavailableWallet      = "unavailable.wallet"               // the wallet's or bank's own service is down
	UnavailableRisk        = "unavailable.risk"                 // the risk service is down
)
