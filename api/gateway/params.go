package gateway

import (
	"regexp"
	"slices"
	"strings"
)

// Parameter is a parameter of the contract, as data (sheet, section 7).
type Parameter struct {
	Name    string   // [n] stands for an index, [name] for a name of the merchant's
	Format  string   // the sheet's notation
	Pattern string   // regular expression; "" when Allowed lists the values
	Max     int      // most characters
	Allowed []string // nil when Pattern tells
	Secret  bool     // never shown, logged or echoed
}

// Parameters lists all of them, in the sheet's order.
func Parameters() []Parameter {
	var out []Parameter
	for _, p := range parameters {
		out = append(out, Parameter{p.name, p.shape.format, p.shape.pattern, p.shape.max, slices.Clone(p.shape.choice), p.secret})
	}
	return out
}

type parameter struct {
	name   string
	shape  shape
	secret bool
}

// parameters are in the order in which errors are listed.
var parameters = slices.Concat(basic, account, accounts, customerGroup, browserGroup, addresses, cart, urls, onFile, threeDS, checkouts)

// basic is section 7.1.
var basic = []parameter{
	{name: "entityId", shape: entityCode},
	{name: "entityType", shape: oneOf("MERCHANT", "POS", "PARTICIPATOR")},
	{name: "merchant.id", shape: printable(32)},
	{name: "amount", shape: money10},
	{name: "currency", shape: currency},
	{name: "paymentType", shape: oneOf("PA", "DB", "CV", "CD", "CP", "RF", "RV")},
	{name: "paymentBrand", shape: brand},
	{name: "merchantTransactionId", shape: anything(8, 255)},
	{name: "originalTransactionId", shape: printable(48)},
	{name: "merchantInvoiceId", shape: printable(255)},
	{name: "merchantMemo", shape: printable(255)},
	{name: "descriptor", shape: printable(127)},
	{name: "taxAmount", shape: money10},
	{name: "transactionCategory", shape: oneOf("EC", "MO", "TO", "PO", "PM", "MOTO")},
	{name: "numberOfCaptures", shape: digits(2)},
	{name: "sequence", shape: oneOf("FINAL")},
	{name: "locale", shape: printable(10)},
	{name: "testMode", shape: oneOf("EXTERNAL", "INTERNAL")},
	{name: "createRegistration", shape: truth},
	{name: "integrity", shape: truth},
}

// account is section 7.2.
var account = []parameter{
	{name: "card.holder", shape: anything(3, 128)},
	{name: "card.number", shape: cardNumber, secret: true},
	{name: "card.expiryMonth", shape: month},
	{name: "card.expiryYear", shape: year},
	{name: "card.cvv", shape: matching("N4", 4, `^[0-9]{3,4}$`), secret: true},
	{name: "card.token", shape: printable(64)},
}

// accounts is section 7.3.
var accounts = []parameter{
	{name: "virtualAccount.accountId", shape: printable(100)},
	{name: "virtualAccount.type", shape: printable(100)},
	{name: "virtualAccount.bank", shape: printable(100)},
	{name: "virtualAccount.password", shape: printable(100), secret: true},
	{name: "bankAccount.holder", shape: printable(128)},
	{name: "bankAccount.bankName", shape: printable(255)},
	{name: "bankAccount.number", shape: printable(64), secret: true},
	{name: "bankAccount.iban", shape: printable(31), secret: true},
	{name: "bankAccount.bankCode", shape: printable(12)},
	{name: "bankAccount.bic", shape: printable(11)},
	{name: "bankAccount.country", shape: country},
	{name: "bankAccount.mandate.id", shape: printable(256)},
	{name: "bankAccount.mandate.dateOfSignature", shape: day},
	{name: "applePay.paymentToken", shape: walletToken, secret: true},
	{name: "applePay.source", shape: oneOf("web", "app")},
	{name: "googlePay.paymentToken", shape: walletToken, secret: true},
	{name: "googlePay.source", shape: oneOf("web", "app")},
	{name: "tokenAccount.number", shape: cardNumber, secret: true},
	{name: "tokenAccount.type", shape: oneOf("EXTERNAL", "NETWORK")},
	{name: "tokenAccount.expiryMonth", shape: month},
	{name: "tokenAccount.expiryYear", shape: year},
	{name: "tokenAccount.cryptogram", shape: matching("AN32", 32, `^[A-Za-z0-9+/=]{1,32}$`), secret: true},
}

// customerGroup, browserGroup, addresses and cart are section 7.4.
var customerGroup = []parameter{
	{name: "customer.merchantCustomerId", shape: printable(255)},
	{name: "customer.givenName", shape: printable(50)},
	{name: "customer.middleName", shape: printable(50)},
	{name: "customer.surname", shape: printable(50)},
	{name: "customer.companyName", shape: printable(60)},
	{name: "customer.email", shape: anything(6, 128)},
	{name: "customer.phone", shape: phone},
	{name: "customer.mobile", shape: phone},
	{name: "customer.workPhone", shape: phone},
	{name: "customer.ip", shape: anything(1, 255)},
	{name: "customer.birthDate", shape: day},
	{name: "customer.sex", shape: oneOf("M", "F")},
	{name: "customer.salutation", shape: oneOf("MR", "MRS", "MS", "MX")},
	{name: "customer.category", shape: oneOf("INDIVIDUAL", "COMPANY")},
	{name: "customer.identificationDocType", shape: oneOf("IDCARD", "PASSPORT", "TAXSTATEMENT")},
	{name: "customer.identificationDocId", shape: printable(64)},
	{name: "customer.language", shape: matching("A2", 2, `^[a-zA-Z]{2}$`)},
	{name: "customer.status", shape: oneOf("NEW", "EXISTING")},
}

var browserGroup = []parameter{
	{name: "customer.browser.acceptHeader", shape: printable(2048)},
	{name: "customer.browser.language", shape: matching("AN35", 35, `^[a-zA-Z0-9-]{1,35}$`)},
	{name: "customer.browser.screenHeight", shape: digits(6)},
	{name: "customer.browser.screenWidth", shape: digits(6)},
	{name: "customer.browser.timezone", shape: matching("AN6", 6, `^[+-]?[0-9]{1,5}$`)},
	{name: "customer.browser.userAgent", shape: printable(2048)},
	{name: "customer.browser.javaEnabled", shape: truth},
	{name: "customer.browser.screenColorDepth", shape: digits(2)},
	{name: "customer.browser.challengeWindow", shape: matching("N1", 1, `^[1-5]$`)},
}

var addresses = slices.Concat(addressOf("billing"), addressOf("shipping"))

func addressOf(group string) []parameter {
	return []parameter{
		{name: group + ".street1", shape: printable(100)},
		{name: group + ".street2", shape: printable(100)},
		{name: group + ".houseNumber1", shape: printable(100)},
		{name: group + ".city", shape: printable(80)},
		{name: group + ".state", shape: printable(50)},
		{name: group + ".postcode", shape: printable(16)},
		{name: group + ".country", shape: country},
	}
}

var cart = []parameter{
	{name: "cart.items[n].name", shape: printable(255)},
	{name: "cart.items[n].merchantItemId", shape: printable(255)},
	{name: "cart.items[n].quantity", shape: digits(5)},
	{name: "cart.items[n].type", shape: printable(255)},
	{name: "cart.items[n].sku", shape: printable(255)},
	{name: "cart.items[n].currency", shape: currency},
	{name: "cart.items[n].description", shape: printable(2048)},
	{name: "cart.items[n].price", shape: money10},
	{name: "cart.items[n].totalAmount", shape: money10},
	{name: "cart.items[n].taxAmount", shape: money10},
	{name: "cart.items[n].tax", shape: money10},
	{name: "cart.items[n].discount", shape: money10},
	{name: customPattern, shape: printable(2048)},
}

const customPattern = "customParameters[name]"

// urls is section 7.5. Which addresses an entity allows is its own setting.
var urls = []parameter{
	{name: "notificationUrl", shape: address},
	{name: "shopperResultUrl", shape: address},
}

// onFile is section 7.6.
var onFile = []parameter{
	{name: "standingInstruction.source", shape: oneOf("CIT", "MIT")},
	{name: "standingInstruction.mode", shape: oneOf("INITIAL", "REPEATED")},
	{name: "standingInstruction.type", shape: oneOf("RECURRING", "INSTALLMENT", "UNSCHEDULED")},
	{name: "standingInstruction.recurringType", shape: oneOf("SUBSCRIPTION", "STANDING_ORDER")},
	{name: "standingInstruction.frequency", shape: digits(4)},
	{name: "standingInstruction.expiry", shape: day},
	{name: "standingInstruction.numberOfInstallments", shape: digits(3)},
	{name: "standingInstruction.initialTransactionId", shape: printable(100)},
	{name: "standingInstruction.industryPractice",
		shape: oneOf("INCREMENTAL_AUTH", "RESUBMISSION", "REAUTHORIZATION", "DELAYED_CHARGES", "NO_SHOW")},
}

// threeDS is section 7.7.
var threeDS = []parameter{
	{name: "threeDSecure.amount", shape: money9},
	{name: "threeDSecure.currency", shape: currency},
	{name: "threeDSecure.challengeIndicator", shape: digits(2)},
	{name: "threeDSecure.exemptionFlag", shape: digits(2)},
	{name: "threeDSecure.disable", shape: truth},
	{name: "threeDSecure.eci", shape: matching("N2", 2, `^[0-9]{2}$`)},
	{name: "threeDSecure.verificationId", shape: matching("AN28", 28, `^[A-Za-z0-9+/=]{1,28}$`)},
	{name: "threeDSecure.xid", shape: printable(40)},
	{name: "threeDSecure.authenticationStatus", shape: oneOf("Y", "A", "N", "U", "R")},
	{name: "threeDSecure.version", shape: printable(16)},
	{name: "threeDSecure.dsTransactionId", shape: printable(100)},
	{name: "threeDSecure.acsTransactionId", shape: printable(100)},
}

// checkouts is section 12.1. Values of checkoutType that nobody knows are kept.
var checkouts = []parameter{
	{name: "checkoutType", shape: printable(32)},
	{name: "checkoutId", shape: matching("AN64", 64, `^[A-Za-z0-9._-]{6,64}$`)},
	{name: "registrations[n].id", shape: printable(64)},
}

var places = func() map[string]int {
	all := map[string]int{}
	for i, p := range parameters {
		all[p.name] = i
	}
	return all
}()

var (
	index  = regexp.MustCompile(`\[[0-9]{1,3}\]`)
	custom = regexp.MustCompile(`^customParameters\[([^\]]*)\]$`)
)

// place finds a parameter by the name a client sent, its place in the list.
func place(name string) (int, bool) {
	if strings.HasPrefix(name, "customParameters[") {
		return places[customPattern], custom.MatchString(name)
	}
	if i := strings.IndexByte(name, '['); i >= 0 {
		found := index.FindStringIndex(name)
		if found == nil || found[0] != i {
			return 0, false
		}
		name = name[:found[0]] + "[n]" + name[found[1]:]
	}
	at, ok := places[name]
	return at, ok && name != customPattern
}
