package surcharge

import (
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Names as payers know them.
var (
	methodNames = map[method.Name]string{Card: "cards", ApplePay: "Apple Pay", GooglePay: "Google Pay", DirectDebit: "direct debit",
		BankTransfer: "bank transfer", PayTo: "PayTo", method.Wallet: "wallets", method.Voucher: "vouchers"}
	fundingNames = map[Funding]string{Credit: "credit", Debit: "debit", ChargeCard: "charge card", Prepaid: "prepaid", DeferredDebit: "deferred debit",
		UnknownFunding: "of unknown funding"}
)

// symbols of currencies whose payers read them without the code.
var symbols = map[money.Currency]string{"AUD": "$", "NZD": "$", "USD": "$", "CAD": "$", "SGD": "$", "HKD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

// Summary is what a payer or merchant reads about a rule, in English: the rate
// in a currency and what it is for, as in "1.1% + $0.30 for Visa".
func (r Rule) Summary(c money.Currency, fee Fee) string {
	text := ""
	switch r.Rate.Mode {
	case Explicit:
		text = parts(r.Rate.BasisPoints, r.Rate.Fixed, c)
	case PlatformFee:
		text = "processing fee of " + parts(fee.BasisPoints, fee.Fixed, c)
		if fee.TaxBasisPoints > 0 {
			text += " and " + percent(fee.TaxBasisPoints) + " tax on it"
		}
	default:
		return "no surcharge for " + r.If.words()
	}
	if r.Rate.CapBasisPoints > 0 {
		text += ", at most " + percent(r.Rate.CapBasisPoints) + ","
	}
	return text + " for " + r.If.words()
}

// noRule is the summary of a payment that no rule speaks of.
const noRule = "no surcharge"

func parts(points, fixed int64, c money.Currency) string {
	switch {
	case fixed == 0:
		return percent(points)
	case points == 0:
		return plain(fixed, c)
	}
	return percent(points) + " + " + plain(fixed, c)
}

// percent writes basis points without zeros at the end: 110 is "1.1%".
func percent(points int64) string {
	text := strconv.FormatInt(points/100, 10)
	if cents := points % 100; cents > 0 {
		text += "." + strings.TrimRight(strconv.FormatInt(100+cents, 10)[1:], "0")
	}
	return text + "%"
}

func plain(minor int64, c money.Currency) string {
	decimals, _ := c.Exponent()
	text := money.Of(minor, c).Decimal(decimals)
	if s := symbols[c]; s != "" {
		return s + text
	}
	return text + " " + string(c)
}

// words says which payments c is for.
func (c Conditions) words() string {
	var list []string
	add := func(s string) {
		if s != "" {
			list = append(list, s)
		}
	}
	add(string(c.Place))
	brand := method.Title(c.Brand)
	add(brand)
	add(fundingNames[c.Funding])
	if c.Prepaid != nil && *c.Prepaid && c.Funding != Prepaid {
		add("prepaid")
	}
	switch {
	case c.Method == Card && brand != "": // Visa is a card without saying
	case c.Method != "" && len(list) > 0 && c.Method != Card:
		add("by " + methodNames[c.Method])
	case c.Method != "":
		add(methodNames[c.Method])
	case brand == "" && c.ofCards():
		add("cards")
	case len(list) == 0:
		add("all methods")
	}
	if c.Country != "" {
		add("from " + c.Country)
	}
	if c.Issuer != "" {
		add("of " + c.Issuer)
	}
	return strings.Join(list, " ")
}

// ofCards says whether a condition speaks of a card.
func (c Conditions) ofCards() bool {
	return c.Funding != "" || c.Prepaid != nil || c.Place != "" || c.Country != "" || c.CardCurrency != "" || c.Issuer != "" ||
		c.ProductType != "" || c.SchemeProduct != "" || len(c.BINs) > 0
}
