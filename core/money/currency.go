package money

import "strings"

// currencies are the codes of ISO 4217 in force in 2026, by exponent: how many
// decimals a major unit has. Codes of gold, bond units, special drawing rights
// and the like have no minor unit by the standard, so no Amount can be made of
// them. XTS is for tests; the code for "no currency" is left out.
var currencies = map[int]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP
		COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
		JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
		NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
		THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
	3:    `BHD IQD JOD KWD LYD OMR TND`,
	4:    `CLF UYW`,
	none: `XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA`,
}

// none marks codes without a minor unit.
const none = -1

// withdrawn codes left ISO 4217 after 2020. They stay readable, since refunds
// and disputes outlive a currency.
var withdrawn = map[int]string{2: `ANG BGN CUC HRK SLL ZWL`}

var exponents = func() map[Currency]int {
	all := map[Currency]int{}
	for _, list := range []map[int]string{currencies, withdrawn} {
		for exponent, codes := range list {
			for code := range strings.FieldsSeq(codes) {
				all[Currency(code)] = exponent
			}
		}
	}
	return all
}()

// Exponent is how many decimals a major unit has: 2 for EUR, 0 for JPY, 3 for
// KWD. False for a code that is not ISO 4217's, or has no minor unit.
func (c Currency) Exponent() (int, bool) {
	exponent, ok := exponents[c]
	if !ok || exponent == none {
		return 0, false
	}
	return exponent, true
}

// Known says whether amounts of the currency can be held: its code is ISO
// 4217's, in capitals, and it has minor units.
func (c Currency) Known() bool {
	_, ok := c.Exponent()
	return ok
}
